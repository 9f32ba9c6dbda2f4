"""Circuit breaker of one endpoint. Pure.

After ten failures in a row the circuit opens. Deliveries then wait, which spends no attempt, and one at a
time probes the endpoint: after 30 s, then after twice as long each time, up to one hour. An endpoint that
fails for five days is disabled; two days without a failure reset the count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from trunkline.core.circuit_breaker import CircuitBreakerPolicy

ENDPOINT_BREAKER = CircuitBreakerPolicy(opens_after=10, first_open_ms=30_000, max_open_ms=3_600_000)
DISABLE_AFTER_S = 5 * 86_400
_RESET_AFTER_MS = 2 * 86_400_000
"""Time without a failure that resets the count; longer than the longest wait between two attempts."""


@dataclass(frozen=True)
class EndpointCircuitBreaker:
    """The failures of an endpoint since its last success; all fields are empty for a healthy one."""

    failures: int = 0
    failing_since_ms: int | None = None
    failed_at_ms: int | None = None
    open_until_ms: int | None = None
    trips: int = 0

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Read a stored circuit breaker."""
        return cls(**{name: item[name] for name in asdict(cls()) if name in item})

    @property
    def half_open(self) -> bool:
        """Tell whether the circuit has opened: once its pause is over, one delivery at a time probes."""
        return self.trips > 0

    def open_for_ms(self, now_ms: int) -> int:
        """Return the remaining time, in ms, for which the circuit is open; 0 if it is not."""
        return max(0, (self.open_until_ms or 0) - now_ms)

    def failed(self, now_ms: int) -> EndpointCircuitBreaker:
        """Return the circuit breaker after one more failure."""
        if self.failed_at_ms is not None and now_ms - self.failed_at_ms > _RESET_AFTER_MS:
            return EndpointCircuitBreaker().failed(now_ms)
        failures, since_ms = self.failures + 1, self.failing_since_ms or now_ms
        after = replace(self, failures=failures, failing_since_ms=since_ms, failed_at_ms=now_ms)
        if self.open_for_ms(now_ms) or not ENDPOINT_BREAKER.must_open(failures, half_open=self.half_open):
            return after
        opening = ENDPOINT_BREAKER.open(now_ms, self.trips)
        return replace(after, open_until_ms=opening.until_ms, trips=opening.trips)

    def should_disable(self, now_ms: int, disable_after_s: int) -> bool:
        """Tell whether the endpoint has failed for so long, and so often, that it must be disabled."""
        if self.failing_since_ms is None or self.failures < ENDPOINT_BREAKER.opens_after:
            return False
        return now_ms - self.failing_since_ms >= disable_after_s * 1000
