"""Circuit breaker of a trunk: how long a failing trunk stays paused. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FIRST_PAUSE_MS = 30_000


_MAX_PAUSE_MS = 600_000


_UNAUTHORIZED = (401, 407)


@dataclass(frozen=True)
class TrunkCircuitBreaker:
    """A pause that the trunk's failures brought about; after `open_until_ms` one call at a time probes."""

    reason: str
    opened_at_ms: int
    open_until_ms: int
    trips: int = 1

    @classmethod
    def opened(cls, reason: str, now_ms: int, before: TrunkCircuitBreaker | None) -> TrunkCircuitBreaker:
        """Open for 30 s, and twice as long at each probe that fails, up to ten minutes."""
        trips = before.trips + 1 if before else 1
        pause_ms = min(_MAX_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** (trips - 1))
        return cls(reason, now_ms, now_ms + pause_ms, trips)

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> TrunkCircuitBreaker:
        """Read a stored breaker."""
        return cls(item["reason"], item["opened_at_ms"], item["open_until_ms"], item["trips"])

    def is_open(self, now_ms: int) -> bool:
        return now_ms < self.open_until_ms
