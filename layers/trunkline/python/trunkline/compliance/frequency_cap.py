"""How often a number may be rung. Pure."""

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
        return self.per_hours * _HOUR_MS

    def counted(self, attempts: Mapping[str, int], now_ms: int) -> dict[str, int]:
        """The attempts (their moments in ms, by attempt) that still count."""
        return {each: at_ms for each, at_ms in attempts.items() if at_ms > now_ms - self.span_ms}

    def opens_ms(self, attempts: Mapping[str, int], now_ms: int) -> int:
        """The first moment from now on at which one more may ring."""
        moments = sorted(self.counted(attempts, now_ms).values())
        over = len(moments) - self.max_attempts
        return now_ms if over < 0 else moments[over] + self.span_ms
