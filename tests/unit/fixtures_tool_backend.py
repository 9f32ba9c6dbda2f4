"""A backend of a tenant's without a network, and the actions that ask it."""

from __future__ import annotations

import json
from typing import Any

from tests.support.clocks import ManualClock
from trunkline.egress.messages import Request, Response, TransportError
from trunkline.tool_runtime.http_action import render_request
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.redaction import SecretRedactor
from trunkline.tools.actions import ApiCall

SECOND_US = 1_000_000
NO_SECRETS = SecretRedactor(())


def action(**more: Any) -> ApiCall:
    return ApiCall.model_validate({"type": "api_call", "url": "https://api.example.com/m"} | more)


def answered(status: int, body: Any = None, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers, raw, 5)


def failed(fault: TransportError, *, sent: bool) -> Response:
    return Response(None, {}, b"", 5, fault, "", sent)


class Backend:
    """Answers in turn, each after so many seconds of a clock that nobody waits for."""

    def __init__(self, *answers: Response, takes_s: float = 0.1) -> None:
        self.answers, self.takes_s = list(answers), takes_s
        self.clock, self.seen, self.slept = ManualClock(), list[Request](), list[float]()

    def send(self, request: Request) -> Response:
        self.seen.append(request)
        self.clock.move_s(min(self.takes_s, request.deadline_s))
        return self.answers[min(len(self.seen), len(self.answers)) - 1]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.move_s(seconds)

    def sender(self) -> RetryingSender:
        return RetryingSender(self.send, self.sleep, lambda: 0.5, self.clock)

    def send_action(self, what: ApiCall, within_s: float = 22) -> Any:
        until_us = self.clock.monotonic_us() + int(within_s * SECOND_US)
        return self.sender().send(what, render_request(what, {}, "tl_1"), until_us)


OK = answered(200, {"ok": True})
