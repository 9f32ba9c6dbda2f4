"""A small client of the HTTP API, and a watcher that follows a call until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

_POLL_INTERVAL_S = 0.1
_IN_TURN = {None, "in_line", "preparing"}
_TERMINAL_STATUSES = {"completed", "failed", "cancelled"}


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
    def _read(response: httpx.Response, shape: type) -> dict[str, Any]:
        """Return a body whose `data` has a shape."""
        try:
            body: dict[str, Any] = response.json()
            content = body["error"]["message"] if response.is_error else body["data"]
        except (ValueError, LookupError, TypeError, RecursionError):
            content = None
        if not isinstance(content, str if response.is_error else shape):
            raise ApiError(f"{response.status_code}: {response.url} is not an API of Trunkline")
        if response.is_error:
            raise ApiError(f"{response.status_code}: {content}", response.status_code)
        return body


def waits_for(call: dict[str, Any]) -> str:
    """Return what holds a call back, an empty text if it only waits for its turn."""
    state = call["queue_state"]
    return "" if state in _IN_TURN else str(state)


def watch(
    api: ApiClient, call_id: str, timeout_s: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """Yield the call whenever its status, why it waits, or one of its ids changes, until it has ended.

    Raises:
        ApiError: the call cannot be read.
        TimeoutError: the call has not ended within `timeout_s` seconds.
    """
    deadline_s = time.monotonic() + timeout_s
    last_seen: tuple[Any, ...] = ()
    while time.monotonic() < deadline_s:
        call = api.get_call(call_id)
        data = call["data"]
        current = (
            *(data["status"], waits_for(call)),
            *(data["roomId"], data["jobId"], data["sipParticipantId"]),
        )
        if current != last_seen:
            last_seen = current
            yield call
        if data["status"] in _TERMINAL_STATUSES:
            return
        sleep(_POLL_INTERVAL_S)
    raise TimeoutError(f"call {call_id} has not ended after {timeout_s:.0f} s")
