"""What follows an attempt: one pure function of attempt, answer, Retry-After and chance.

Source: the design's "Webhooks"; `docs/webhooks.md` shows the same table to users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trunkline.egress.messages import Response
from trunkline.egress.retry_after import retry_after_s

SCHEDULE_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, counted from the one before."""

JITTER = 0.2
_OBEYED = (429, 503)
_GONE = 410


class AttemptOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    RETRY = "retry"
    FAILED = "failed"
    GONE = "gone"
    """The endpoint says that it wants no more: it is disabled."""


@dataclass(frozen=True)
class RetryDecision:
    """`wait_s` is set for a retry alone: whole seconds until the next attempt."""

    outcome: AttemptOutcome
    wait_s: int | None = None


@dataclass(frozen=True)
class RetryPolicy:
    """When a delivery is tried: the schedule, and how many of its attempts this one has."""

    max_attempts: int
    schedule_s: Sequence[int] = SCHEDULE_S

    def after(self, attempt: int, answer: Response, *, now_s: float, chance: float) -> RetryDecision:
        """Decide after attempt number `attempt` (1 for the first); `chance` is from 0 to 1."""
        if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own classes
            return RetryDecision(AttemptOutcome.SUCCEEDED)
        if answer.status == _GONE:
            return RetryDecision(AttemptOutcome.GONE)
        if attempt >= min(self.max_attempts, len(self.schedule_s)):
            return RetryDecision(AttemptOutcome.FAILED)
        wait_s = self.schedule_s[attempt] * (1 + JITTER * (2 * chance - 1))
        if answer.status in _OBEYED:
            wait_s = max(wait_s, retry_after_s(answer.headers, now_s))
        return RetryDecision(AttemptOutcome.RETRY, max(1, round(wait_s)))
