"""Responses of Trunkline, and of what may stand before it. Pure."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

RATE_LIMITED = "rate_limited"
ATTEMPT_OVER, INVALID_REQUEST = "attempt_over", "invalid_request"
FINAL_REFUSALS = frozenset({ATTEMPT_OVER, "not_found", "invalid_agent_token", "wrong_call"})
"""Error types after which Trunkline takes no further report from this agent: `docs/agent-api.md`."""

_RATE_LIMITED_STATUS = 429
_MAX_SHOWN = 200


class Refused(Exception):
    """Trunkline rejected a request, and a retry would not help; `type` is the error type of the response."""

    def __init__(self, message: str, error_type: str = "") -> None:
        super().__init__(message)
        self.type = error_type


def parse_response(status: int, text: bytes) -> dict[str, Any]:
    """Return the body of a response with a status below 500.

    Raises:
        Refused: the status is not 2xx. The body may be a gateway's or a proxy's, which has no `error`.
        ClientPayloadError: it is 2xx, but the body is no JSON object: something else answered.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's classes of statuses
        raise _refusal(status, values, text)
    if not isinstance(values, dict):
        raise aiohttp.ClientPayloadError(f"{status}: the response is not one of Trunkline's")
    return values


def _refusal(status: int, values: Any, text: bytes) -> Refused:
    error = values.get("error") if isinstance(values, dict) else None
    known = error if isinstance(error, dict) else {}
    message = known.get("message") or f"{status}: {text[:_MAX_SHOWN].decode(errors='replace')}"
    kind = RATE_LIMITED if status == _RATE_LIMITED_STATUS else known.get("type", "")
    return Refused(str(message), str(kind))
