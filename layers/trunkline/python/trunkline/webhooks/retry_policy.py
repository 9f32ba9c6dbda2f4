"""Decides whether and when a delivery is retried. Pure.

The schedule is here alone. `docs/webhooks.md` shows it to users, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trunkline.egress.messages import Response
from trunkline.egress.retry_after import retry_after_s

SCHEDULE_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Wait before each attempt, in seconds, counted from the attempt before."""

_JITTER_SHARE = 0.2
_RETRY_AFTER_STATUSES = (429, 503)
_GONE = 410


class AttemptOutcome(StrEnum):
    """The result of an attempt, for its delivery."""

    SUCCEEDED = "succeeded"
    RETRY = "retry"
    FAILED = "failed"
    GONE = "gone"
    """The endpoint responded 410: it is disabled."""


@dataclass(frozen=True)
class RetryDecision:
    """The outcome of an attempt; `wait_s`, whole seconds until the next one, is set only for a retry."""

    outcome: AttemptOutcome
    wait_s: int | None = None


@dataclass(frozen=True)
class RetryPolicy:
    """The schedule of attempts, and how many of them a delivery makes."""

    max_attempts: int
    schedule_s: Sequence[int] = SCHEDULE_S

    def decide(self, attempt: int, response: Response, *, now_s: float, jitter: float) -> RetryDecision:
        """Decide what follows attempt number `attempt`, counted from 1; `jitter` is 0 to 1."""
        if response.status is not None and 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's classes of statuses
            return RetryDecision(AttemptOutcome.SUCCEEDED)
        if response.status == _GONE:
            return RetryDecision(AttemptOutcome.GONE)
        if attempt >= min(self.max_attempts, len(self.schedule_s)):
            return RetryDecision(AttemptOutcome.FAILED)
        wait_s = self.schedule_s[attempt] * (1 + _JITTER_SHARE * (2 * jitter - 1))
        if response.status in _RETRY_AFTER_STATUSES:
            wait_s = max(wait_s, retry_after_s(response.headers, now_s))
        return RetryDecision(AttemptOutcome.RETRY, max(1, round(wait_s)))
