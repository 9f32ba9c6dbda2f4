"""The API for the Python client: it responds from a list."""

from __future__ import annotations

from typing import Any

import httpx
from trunkline_client import AsyncTrunkline, Retries, Trunkline

QUICK = Retries(deadline_s=30, first_pause_s=0)
OPENED = {"call_id": "c-1", "room_name": "call-c-1", "token": "t", "url": "wss://x", "status": "pending"}
Step = httpx.Response | Exception


class FakeApi:
    """The API: it responds in turn, the last response again and again."""

    def __init__(self, *steps: Step) -> None:
        self.steps, self.seen = list(steps), list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        step = self.steps[min(len(self.seen), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)

    def client(self, retries: Retries = QUICK) -> Trunkline:
        return Trunkline("https://api.test", "key-1", retries=retries, transport=httpx.MockTransport(self))

    def async_client(self) -> AsyncTrunkline:
        return AsyncTrunkline("https://api.test", "key-1", retries=QUICK, transport=httpx.MockTransport(self))


def ok(body: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def failed(status: int, kind: str, **headers: str) -> httpx.Response:
    error = {"message": f"It is {kind}", "code": status, "type": kind, "request_id": "r-1", "field": "f"}
    return httpx.Response(status, json={"error": error}, headers=headers)


LOST = httpx.ReadError("the connection broke")
REFUSED = httpx.ConnectError("refused")


def call(**values: Any) -> httpx.Response:
    return ok({"call_id": "c-1", "status": "queued", "ended_at": None, "last_event": 3} | values)


ENDED = {"status": "completed", "ended_at": "2026-01-01T00:00:00.000Z", "last_event": 5}
