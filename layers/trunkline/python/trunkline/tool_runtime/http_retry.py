"""Sending of an action's request, with retries where they are harmless, until the deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.core.clock import Clock
from trunkline.egress.messages import Request, Response
from trunkline.egress.retry_after import retry_after_s
from trunkline.tool_runtime.errors import (
    SERVER_ERROR,
    ActionFailed,
    FailureType,
    is_retryable,
    no_response_error,
    retry_wait_s,
)
from trunkline.tool_runtime.http_action import RenderedRequest
from trunkline.tools.actions import ApiCall

_MIN_REQUEST_S = 0.25
"""With less time left, no request is started."""


@dataclass(frozen=True)
class SendResult:
    """A response, the number of tries, and whether one without a clear response may have been done."""

    response: Response
    tries: int
    may_have_happened: bool


@dataclass(frozen=True)
class RetryingSender:
    """Sends requests with retries. `send_once` must not raise; `jitter()` returns 0 to 1.

    A retry has the same Idempotency-Key. After a failed connection, 429 and 5xx every method is retried,
    after a time-out only a request that may safely be done twice. Otherwise the agent is told that the
    request may have been done.
    """

    send_once: Callable[[Request], Response]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    clock: Clock

    def send(self, action: ApiCall, request: RenderedRequest, deadline_us: int) -> SendResult:
        """Send a request until its response is final, the tries are used up, or the deadline is reached.

        Raises:
            ActionFailed: there is no response; says whether the request may have been done.
        """
        sent: SendResult | None = None
        while (left_s := self._left_s(deadline_us)) >= _MIN_REQUEST_S:
            response = self.send_once(request.request(min(action.timeout, left_s)))
            sent = _next_result(sent, response)
            retryable = is_retryable(response, repeatable=action.may_be_repeated)
            if not retryable or sent.tries > action.retry_count or not self._wait(sent, deadline_us):
                break
        if sent is None:
            raise ActionFailed(FailureType.OUT_OF_TIME, "No time was left for this request; nothing was sent")
        if sent.response.status is None:
            raise no_response_error(sent.response, sent.tries, may_have_happened=sent.may_have_happened)
        return sent

    def _wait(self, sent: SendResult, deadline_us: int) -> bool:
        """Wait before the next try; return False if the deadline leaves no time for it."""
        requested_s = retry_after_s(sent.response.headers, self.clock.wall_ms() / 1000)
        wait_s = retry_wait_s(sent.tries, requested_s, self.jitter())
        if wait_s + _MIN_REQUEST_S > self._left_s(deadline_us):
            return False
        self.sleep(wait_s)
        return True

    def _left_s(self, deadline_us: int) -> float:
        return (deadline_us - self.clock.monotonic_us()) / 1_000_000


def _next_result(before: SendResult | None, response: Response) -> SendResult:
    may_have_happened = response.sent and (response.status is None or response.status >= SERVER_ERROR)
    if before is None:
        return SendResult(response, 1, may_have_happened)
    return SendResult(response, before.tries + 1, may_have_happened or before.may_have_happened)
