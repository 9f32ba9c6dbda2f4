"""Follows a call over the HTTP API until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

_EVERY_S = 0.1
_ENDED = {"completed", "failed", "cancelled"}


class ApiFault(Exception):
    """The API refused; the message is its own."""


class Api:
    """The tenant's HTTP API."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=30)

    def place(self, body: dict[str, Any]) -> dict[str, Any]:
        """Place an outbound call and return its `data`."""
        return self._read(self._client.post("/api/v1/calls/outbound", json=body))["data"]  # type: ignore[no-any-return]

    def call(self, call_id: str) -> dict[str, Any]:
        """Read a call."""
        return self._read(self._client.get(f"/api/v1/calls/{call_id}"))

    @staticmethod
    def _read(answer: httpx.Response) -> dict[str, Any]:
        body: dict[str, Any] = answer.json()
        if answer.is_error:
            raise ApiFault(f"{answer.status_code}: {body['error']['message']}")
        return body


def follow(
    api: Api, call_id: str, timeout_s: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """Yield the call each time its status or one of its ids changes, until it has ended.

    Raises:
        TimeoutError: it has not ended in time.
    """
    deadline_s = time.monotonic() + timeout_s
    seen: tuple[Any, ...] = ()
    while time.monotonic() < deadline_s:
        call = api.call(call_id)
        data = call["data"]
        now = (data["status"], data["roomId"], data["jobId"], data["sipParticipantId"])
        if now != seen:
            seen = now
            yield call
        if data["status"] in _ENDED:
            return
        sleep(_EVERY_S)
    raise TimeoutError(f"call {call_id} has not ended after {timeout_s:.0f} s")
