"""Redial policy of a call: a pure function of its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trunkline.calls.reasons import Reason

MAX_ATTEMPTS = 10


class RetryOn(StrEnum):
    """Results after which a call may be redialled; each stands for one `failure_reason`."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    TRUNK_UNAVAILABLE = "trunk_unavailable"
    TRUNK_AUTH_FAILED = "trunk_auth_failed"
    TRUNK_UNREACHABLE = "trunk_unreachable"
    TRUNK_NO_RESPONSE = "trunk_no_response"
    MEDIA_FAILED = "media_failed"
    BLOCKED_BY_CARRIER = "blocked_by_carrier"
    TRUNK_REJECTED = "trunk_rejected"
    AGENT_UNAVAILABLE = "agent_unavailable"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"


_REASON = {
    RetryOn.BUSY: Reason.DIAL_BUSY,
    RetryOn.NO_ANSWER: Reason.DIAL_NO_ANSWER,
    RetryOn.DECLINED: Reason.USER_DECLINED,
    RetryOn.TRUNK_UNAVAILABLE: Reason.TRUNK_UNAVAILABLE,
    RetryOn.TRUNK_AUTH_FAILED: Reason.TRUNK_AUTH_FAILED,
    RetryOn.TRUNK_UNREACHABLE: Reason.TRUNK_UNREACHABLE,
    RetryOn.TRUNK_NO_RESPONSE: Reason.TRUNK_NO_RESPONSE,
    RetryOn.MEDIA_FAILED: Reason.MEDIA_FAILED,
    RetryOn.BLOCKED_BY_CARRIER: Reason.BLOCKED_BY_CARRIER,
    RetryOn.TRUNK_REJECTED: Reason.TRUNK_REJECTED,
    RetryOn.AGENT_UNAVAILABLE: Reason.AGENT_UNAVAILABLE,
    RetryOn.VOICEMAIL: Reason.VOICEMAIL_REACHED,
    RetryOn.UNKNOWN: Reason.DIAL_UNKNOWN,
}


@dataclass(frozen=True)
class RedialPolicy:
    """How often a call is attempted (`max_attempts` counts the first), after what, and after how long.

    `intervals_s` are the waits before the second, third, … attempt; the last one repeats.
    """

    max_attempts: int = 1
    retry_on: tuple[str, ...] = (RetryOn.BUSY, RetryOn.NO_ANSWER)
    intervals_s: tuple[int, ...] = (300,)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> RedialPolicy:
        """Read a stored policy."""
        return cls(values["max_attempts"], tuple(values["retry_on"]), tuple(values["intervals_s"]))

    def due_ms(self, attempts_made: int, reason: Reason, now_ms: int) -> int | None:
        """Return when to redial after so many attempts, or None for never."""
        wanted = {_REASON[RetryOn(word)] for word in self.retry_on}
        if attempts_made >= self.max_attempts or reason not in wanted:
            return None
        interval_s = self.intervals_s[min(attempts_made, len(self.intervals_s)) - 1]
        return now_ms + interval_s * 1000


NO_REDIAL = RedialPolicy()
