"""Wall and monotonic time, passed in so that tests can control them."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for timestamps, monotonic time for pacing."""

    def wall_ms(self) -> int:
        """Return milliseconds since the epoch; they may jump and differ between machines."""

    def monotonic_us(self) -> int:
        """Return microseconds of a clock that never goes back; comparable on one machine only."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1_000
