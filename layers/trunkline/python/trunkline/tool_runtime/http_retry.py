"""Sends an action's request, and again where that is harmless, within the invocation's time."""

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
    may_be_sent_again,
    unanswered,
    wait_before_s,
)
from trunkline.tool_runtime.http_action import RenderedRequest
from trunkline.tools.actions import ApiCall

_LEAST_S = 0.25
"""With less time left than this no request is begun."""


@dataclass(frozen=True)
class SendResult:
    """An answer, after how many tries it came, and whether one of them may have been done unseen."""

    answer: Response
    tries: int
    doubtful: bool


@dataclass(frozen=True)
class RetryingSender:
    """`send` never raises; `chance()` is from 0 to 1.

    A request is repeated with the same Idempotency-Key: after a connection that never was, 429 and 5xx
    whatever its method, after a time-out only where doing it twice does no harm. Unsure means tell.
    """

    send: Callable[[Request], Response]
    sleep: Callable[[float], None]
    chance: Callable[[], float]
    clock: Clock

    def carry(self, action: ApiCall, request: RenderedRequest, until_us: int) -> SendResult:
        """Send a request until there is an answer that stands, the tries are spent or the time is over.

        Raises:
            ActionFailed: there is none; says whether it may have been done.
        """
        sent: SendResult | None = None
        while (left_s := self._left_s(until_us)) >= _LEAST_S:
            answer = self.send(request.request(min(action.timeout, left_s)))
            sent = _after(sent, answer)
            again = may_be_sent_again(answer, repeatable=action.may_be_repeated)
            if not again or sent.tries > action.retry_count or not self._waited(sent, until_us):
                break
        if sent is None:
            raise ActionFailed(FailureType.OUT_OF_TIME, "No time was left for this request; nothing was sent")
        if sent.answer.status is None:
            raise unanswered(sent.answer, sent.tries, doubtful=sent.doubtful)
        return sent

    def _waited(self, sent: SendResult, until_us: int) -> bool:
        asked_s = retry_after_s(sent.answer.headers, self.clock.wall_ms() / 1000)
        wait_s = wait_before_s(sent.tries, asked_s, self.chance())
        if wait_s + _LEAST_S > self._left_s(until_us):
            return False
        self.sleep(wait_s)
        return True

    def _left_s(self, until_us: int) -> float:
        return (until_us - self.clock.monotonic_us()) / 1_000_000


def _after(before: SendResult | None, answer: Response) -> SendResult:
    doubtful = answer.sent and (answer.status is None or answer.status >= SERVER_ERROR)
    if before is None:
        return SendResult(answer, 1, doubtful)
    return SendResult(answer, before.tries + 1, doubtful or before.doubtful)
