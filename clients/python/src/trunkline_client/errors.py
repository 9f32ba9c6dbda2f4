"""Exceptions of the client. Pure.

The API's error types and what to do about each are in its documentation, `docs/errors.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_INTERNAL_SERVER_ERROR = 500
UNEXPECTED = "unexpected"
"""The type of an error response that is not the API's own: a gateway's, or a proxy's."""


class TrunklineError(Exception):
    """What went wrong in the client, at the API, or on the way."""


class NoResponse(TrunklineError):
    """No response came: nobody knows whether the request was carried out, unless it was never sent.

    To find out, repeat the request with `idempotency_key`: what was done is not done twice.
    """

    def __init__(self, message: str, *, was_sent: bool, idempotency_key: str | None) -> None:
        super().__init__(message)
        self.was_sent = was_sent
        self.idempotency_key = idempotency_key


class ApiError(TrunklineError):
    """An error response. Compare `type`, which is stable; `message` is for people.

    `request_id` names the request to the operator, `field` the field that is wrong, and `retry_after_s` is
    when the same request may succeed, in seconds.
    """

    def __init__(self, status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.type: str = _text(error.get("type")) or UNEXPECTED
        self.message: str = _text(error.get("message")) or f"The API responded with status {status}."
        self.request_id = _text(error.get("request_id")) or headers.get("apigw-requestid")
        self.field = _text(error.get("field"))
        self.retry_after_s = _seconds(headers.get("retry-after"))
        super().__init__(self.message)

    def __str__(self) -> str:
        suffix = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.type}: {self.message}{suffix}"


class BadRequest(ApiError):
    """400 or 413: the request cannot succeed as it is."""


class Unauthorized(ApiError):
    """401: the API key is not valid."""


class Forbidden(ApiError):
    """403: the key lacks a scope, or a rule forbids it."""


class NotFound(ApiError):
    """404: there is no such thing, or it belongs to another tenant or mode."""


class Conflict(ApiError):
    """409: the state of something, or an idempotency key, does not allow it."""


class TooManyRequests(ApiError):
    """429: a limit of the key or the tenant."""


class ServerError(ApiError):
    """500 or above: the request failed on the other side."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: BadRequest,
    429: TooManyRequests,
}


def api_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Read an error response of any form, also a gateway's `{"message": "…"}` or a proxy's page."""
    kind = _BY_STATUS.get(status, ServerError if status >= _INTERNAL_SERVER_ERROR else ApiError)
    return kind(status, _error_of(body), headers)


def _error_of(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return found["error"] if isinstance(found.get("error"), dict) else found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isascii() and header.isdecimal() else None
