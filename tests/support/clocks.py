"""Clocks for tests: one that is moved by hand, one that reads the event loop's virtual time."""

from __future__ import annotations

import asyncio

NOW_MS = 1_700_000_000_000
"""A Tuesday, 2023-11-14, 22:13:20 UTC."""


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self, wall_ms: int = NOW_MS) -> None:
        self.now_ms = wall_ms

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_us(self) -> int:
        return self.now_ms * 1000

    def move_s(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


class VirtualClock:
    """Reads the time of the running event loop, which is virtual in the tests of tests/store.

    There a sleep takes no real time, and work takes no virtual time: what a test sees depends neither
    on the machine nor on its load.
    """

    def __init__(self, wall_ms: int = NOW_MS) -> None:
        self._offset_ms = wall_ms

    def wall_ms(self) -> int:
        return self._offset_ms + self.monotonic_us() // 1000

    def monotonic_us(self) -> int:
        return round(_loop_time_s() * 1_000_000)

    def move_s(self, seconds: float) -> None:
        """Move the wall clock alone, as a machine's clock may jump."""
        self._offset_ms += round(seconds * 1000)


def _loop_time_s() -> float:
    return asyncio.get_running_loop().time()
