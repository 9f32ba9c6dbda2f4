"""Circuit breaker of a trunk: pauses a trunk that keeps failing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.core.circuit_breaker import CircuitBreakerPolicy

LIVEKIT_REFUSED = "livekit_refused"
"""Begins the reason of a pause because LiveKit refuses the credentials, or does not know the trunk."""

TRUNK_BREAKER = CircuitBreakerPolicy(opens_after=5, first_open_ms=30_000, max_open_ms=600_000)


@dataclass(frozen=True)
class TrunkCircuitBreaker:
    """A pause caused by the trunk's failures; after `open_until_ms` it is half open: one call at a time."""

    reason: str
    opened_at_ms: int
    open_until_ms: int
    trips: int = 1

    @classmethod
    def opened(cls, reason: str, now_ms: int, before: TrunkCircuitBreaker | None) -> TrunkCircuitBreaker:
        """Open the circuit, longer than `before` if the probe of that one failed."""
        opening = TRUNK_BREAKER.open(now_ms, before.trips if before else 0)
        return cls(reason, now_ms, opening.until_ms, opening.trips)

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> TrunkCircuitBreaker:
        """Read a stored circuit breaker."""
        return cls(item["reason"], item["opened_at_ms"], item["open_until_ms"], item["trips"])

    @property
    def is_refusal(self) -> bool:
        """Tell whether LiveKit itself refuses the dials."""
        return self.reason.startswith(LIVEKIT_REFUSED)

    def is_open(self, now_ms: int) -> bool:
        return now_ms < self.open_until_ms
