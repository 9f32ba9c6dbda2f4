"""Circuit breaker arithmetic, shared by trunks and webhook endpoints. Pure.

The owner counts failures and stores the opening; this module decides when to open and for how long.
Source: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CircuitOpening:
    """A pause that ends at `until_ms`; `trips` counts the openings since the last success."""

    until_ms: int
    trips: int


@dataclass(frozen=True)
class CircuitBreakerPolicy:
    """Opens after `opens_after` consecutive failures, for `first_open_ms`, doubled up to `max_open_ms`."""

    opens_after: int
    first_open_ms: int
    max_open_ms: int

    def must_open(self, failures: int, *, half_open: bool) -> bool:
        """Decide whether so many consecutive failures open the circuit; half open, one is enough."""
        return failures >= (1 if half_open else self.opens_after)

    def open(self, now_ms: int, trips_before: int) -> CircuitOpening:
        """Open the circuit, twice as long as the last time."""
        open_ms = min(self.max_open_ms, self.first_open_ms * 2**trips_before)
        return CircuitOpening(now_ms + open_ms, trips_before + 1)
