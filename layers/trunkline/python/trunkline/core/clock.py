"""The two clocks of a machine, passed in so that tests can own time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for what people read, monotonic time for what is paced."""

    def wall_ms(self) -> int:
        """Milliseconds since the epoch; may jump, differs between machines."""

    def monotonic_us(self) -> int:
        """Microseconds on a clock that only goes forward, of this machine alone."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1_000
