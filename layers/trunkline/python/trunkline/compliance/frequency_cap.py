"""Frequency cap: how often a number may be rung. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class FrequencyCap:
    """At most `max_attempts` attempts to ring a number within any `per_hours` hours."""

    max_attempts: int
    per_hours: int

    @property
    def span_ms(self) -> int:
        """Return the length of the cap's sliding window."""
        return self.per_hours * _HOUR_MS

    def counted(self, attempts: Mapping[str, int], now_ms: int) -> dict[str, int]:
        """Return the attempts (times in ms, by attempt id) inside the window that ends now."""
        return {attempt_id: at_ms for attempt_id, at_ms in attempts.items() if at_ms > now_ms - self.span_ms}

    def next_allowed_ms(self, attempts: Mapping[str, int], now_ms: int) -> int:
        """Return the first time from now on at which one more attempt may ring."""
        times_ms = sorted(self.counted(attempts, now_ms).values())
        over = len(times_ms) - self.max_attempts
        return now_ms if over < 0 else times_ms[over] + self.span_ms
