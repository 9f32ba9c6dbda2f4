"""Storage of each endpoint's circuit breaker; a healthy endpoint has no item."""

from __future__ import annotations

from trunkline.storage.keys.webhooks import webhook_health_key
from trunkline.storage.table import EXISTS, ConditionFailed, Delete, Put, Table
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker


class EndpointHealthRepository:
    """Stores the circuit breakers of endpoints."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, endpoint_id: str) -> EndpointCircuitBreaker:
        """Read an endpoint's circuit breaker with strong consistency."""
        item = self._table.get(webhook_health_key(endpoint_id))
        return EndpointCircuitBreaker.parse(item) if item else EndpointCircuitBreaker()

    def reset(self, endpoint_id: str) -> None:
        """Forget all failures of an endpoint."""
        try:
            self._table.write(Delete(webhook_health_key(endpoint_id), EXISTS))
        except ConditionFailed:
            return

    def record_failure(
        self, endpoint_id: str, before: EndpointCircuitBreaker, now_ms: int
    ) -> EndpointCircuitBreaker:
        """Count a failure.

        One of several concurrent failures may stay uncounted, which only opens the circuit later.
        """
        after = self.load(endpoint_id).failed(now_ms) if before.failures else before.failed(now_ms)
        values = {name: value for name, value in vars(after).items() if value is not None}
        self._table.write(Put(webhook_health_key(endpoint_id).as_item() | values))
        return after
