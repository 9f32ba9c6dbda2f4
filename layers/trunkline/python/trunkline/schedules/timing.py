"""The times of a schedule. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice, takewhile

from trunkline.core.timestamps import MAX_MOMENT_MS
from trunkline.schedules.cron import aws_cron, moments

_MINUTE_MS = 60_000
_LAST_MS = MAX_MOMENT_MS - 24 * 60 * _MINUTE_MS
"""Until then a moment has a date in every time zone."""

_SKEW_MS = 5_000
"""A tick that a clock beside ours sends a little early is still its own moment's."""

_PRECISION_MS = 60_000
"""EventBridge Scheduler invokes its targets within a minute of their time. Source:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

_RATE_OFFSET_MS = 150_000
"""EventBridge may count a rate from when it learnt of the schedule, at most two minutes after us."""


@dataclass(frozen=True)
class Timing:
    """One of `cron` (a crontab line in `timezone`), `rate_minutes` (counted from `starts_ms`) and `at_ms`;
    never before `starts_ms`, nor after `ends_ms`."""

    cron: str | None
    rate_minutes: int | None
    at_ms: int | None
    timezone: str
    starts_ms: int
    ends_ms: int | None

    def after(self, from_ms: int) -> Iterator[int]:
        """Yield the times after a given one, in order."""
        last_ms = min(self.ends_ms or _LAST_MS, _LAST_MS)
        first_ms = max(from_ms, self.starts_ms - 1)
        if first_ms >= last_ms:
            return iter(())
        return takewhile(lambda each: each <= last_ms, self._after(first_ms))

    def next_ms(self, from_ms: int) -> int | None:
        """Return the first time after a given one; None if there is none."""
        return next(self.after(from_ms), None)

    def due_ms(self, tick_ms: int, late_ms: int = _PRECISION_MS) -> int | None:
        """Return the time that a tick was due at: the same for every repeat of the tick.

        None if the schedule has no such time. Ticks of an earlier version and those that EventBridge sends
        when it learns of a rate have none. A tick may be `late_ms` late.
        """
        due_ms = self._nearest_ms(tick_ms, late_ms)
        if due_ms is None or due_ms < self.starts_ms or due_ms > (self.ends_ms or due_ms):
            return None
        return due_ms

    def _nearest_ms(self, tick_ms: int, late_ms: int) -> int | None:
        if self.rate_minutes is not None:
            span_ms = self.rate_minutes * _MINUTE_MS
            times = round((tick_ms - self.starts_ms) / span_ms)
            due_ms = self.starts_ms + times * span_ms
            return due_ms if times > 0 and abs(tick_ms - due_ms) <= _RATE_OFFSET_MS else None
        last_ms = self.at_ms
        if last_ms is None:
            last_ms = next(moments(self.cron or "", self.timezone, tick_ms + _SKEW_MS, back=True), None)
        return last_ms if last_ms is not None and -_SKEW_MS <= tick_ms - last_ms <= late_ms else None

    def expression(self) -> str:
        """Return the EventBridge Scheduler expression."""
        if self.at_ms is not None:
            return f"at({datetime.fromtimestamp(self.at_ms / 1000, UTC).strftime('%Y-%m-%dT%H:%M:%S')})"
        if self.rate_minutes is not None:
            return f"rate({self.rate_minutes} minute{'' if self.rate_minutes == 1 else 's'})"
        return aws_cron(self.cron or "")

    def _after(self, from_ms: int) -> Iterator[int]:
        if self.at_ms is not None:
            return iter([self.at_ms] if self.at_ms > from_ms else [])
        if self.rate_minutes is None:
            return moments(self.cron or "", self.timezone, from_ms)
        span_ms = self.rate_minutes * _MINUTE_MS
        first = max(1, (from_ms - self.starts_ms) // span_ms + 1)
        return (self.starts_ms + each * span_ms for each in count(first))


def upcoming(timing: Timing, from_ms: int, most: int) -> list[int]:
    """Return the next few times."""
    return list(islice(timing.after(from_ms), most))
