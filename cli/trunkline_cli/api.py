"""A small client of the HTTP API."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from trunkline.core.errors import InvalidRequest

_CANCELLED_AT_ONCE = 100
_KEY = re.compile(r"[!-~]+")


class ApiError(Exception):
    """An error response of the API: its HTTP status, if it has one, and message."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def expected_shape() -> Iterator[None]:
    """Say that a response is not one of Trunkline's API, where its content lacks something.

    Raises:
        ApiError: a field is missing, or has another type.
    """
    try:
        yield
    except (LookupError, TypeError) as error:
        text = "the response has another form than those of Trunkline's API: check --url and the versions"
        raise ApiError(f"{text} ({type(error).__name__}: {error})") from error


class ApiClient:
    """A client of the HTTP API that acts as one tenant."""

    def __init__(self, url: str, key: str) -> None:
        """Make a client of the API at a URL.

        Raises:
            InvalidRequest: no header can carry the key. Its text does not show it, as that of httpx would.
        """
        if not _KEY.fullmatch(key):
            raise InvalidRequest(
                "the API key is empty, or has characters other than printable ASCII without spaces"
            )
        self._client = httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=30)

    def place_call(self, body: dict[str, Any]) -> dict[str, Any]:
        """Place an outbound call and return the `data` of the response.

        Raises:
            ApiError: the API rejected the call.
        """
        return self._read(self._client.post("/api/v1/calls/outbound", json=body), dict)["data"]  # type: ignore[no-any-return]

    def get_call(self, call_id: str) -> dict[str, Any]:
        """Read a call.

        Raises:
            ApiError: the call is unknown, or the key may not read it.
        """
        return self._read(self._client.get(f"/api/v1/calls/{quote(call_id, safe='')}"), dict)

    def cancel_calls(self, call_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Cancel calls that wait, and hang up those that ring or talk; return what became of each.

        Raises:
            ApiError: the API rejected the request, or the key may not cancel calls.
        """
        results: list[dict[str, Any]] = []
        for first in range(0, len(call_ids), _CANCELLED_AT_ONCE):
            body = {"call_ids": list(call_ids[first : first + _CANCELLED_AT_ONCE])}
            results += self._read(self._client.post("/api/v1/calls/cancel", json=body), list)["data"]
        return results

    def session(self) -> dict[str, Any]:
        """Read whose the key is, and what it may do.

        Raises:
            ApiError: the API does not accept the key.
        """
        return self.get("session")

    def get(self, path: str) -> dict[str, Any]:
        """Read one thing.

        Raises:
            ApiError: the API rejected the request.
        """
        return self._read(self._client.get(f"/api/v1/{path}"), dict, within=None)

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a request that changes something, and return what the API says of it.

        Raises:
            ApiError: the API rejected the request.
        """
        return self._read(self._client.post(f"/api/v1/{path}", json=body), dict, within=None)

    def page(self, path: str, **query: str) -> dict[str, Any]:
        """Read one page of a list.

        Raises:
            ApiError: the API rejected the request.
        """
        return self._read(self._client.get(f"/api/v1/{path}", params=query), list)

    def server_time_ms(self) -> int:
        """Return the API's time, to the second, which may differ from that of this machine."""
        sent = self._client.get("/api/v1/reference").headers.get("date", "")
        try:
            return int(parsedate_to_datetime(sent).timestamp() * 1000)
        except ValueError:
            return time.time_ns() // 1_000_000

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Iterate over all items of a list.

        Raises:
            ApiError: the API rejected a request.
        """
        cursor, seen = None, set[str]()
        while True:
            asked = query | ({"cursor": cursor} if cursor else {})
            page = self.page(path, **asked)
            yield from page["data"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return
            if not isinstance(cursor, str) or cursor in seen:
                raise ApiError(f"{path}: the list does not end")
            seen.add(cursor)

    @staticmethod
    def _read(response: httpx.Response, shape: type, within: str | None = "data") -> dict[str, Any]:
        """Return a body; its field `within`, or else the body itself, has a shape."""
        try:
            body: dict[str, Any] = response.json()
            content = body["error"]["message"] if response.is_error else body[within] if within else body
        except (ValueError, LookupError, TypeError, RecursionError):
            content = None
        if not isinstance(content, str if response.is_error else shape):
            # API Gateway answers in a form of its own when it throttles, or gets no answer in time.
            text = f"{response.status_code}: {response.url} is not an API of Trunkline"
            raise ApiError(text, response.status_code)
        if response.is_error:
            raise ApiError(f"{response.status_code}: {content}", response.status_code)
        return body
