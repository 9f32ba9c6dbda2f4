"""Storage of each endpoint's circuit breaker, and of the endpoints that have just recovered.

A healthy endpoint has no circuit breaker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import SK, Item
from trunkline.storage.keys.webhooks import resumption_key, webhook_health_key
from trunkline.storage.table import EXISTS, ConditionFailed, Delete, Put, Table, Write
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker

_WAITED_BEFORE_MS = 3_600_000
"""A delivery that waits for a circuit may be older than the failures that opened it."""


@dataclass(frozen=True)
class Resumption:
    """An endpoint that recovered at `at_ms`: its deliveries from `next_ms` on are still to go on."""

    endpoint_id: str
    next_ms: int
    at_ms: int

    def as_item(self) -> Item:
        """Return the item to store."""
        return resumption_key(self.endpoint_id).as_item() | {"next_ms": self.next_ms, "at_ms": self.at_ms}


class EndpointHealthRepository:
    """Stores the circuit breakers of endpoints."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, endpoint_id: str) -> EndpointCircuitBreaker:
        """Read an endpoint's circuit breaker with strong consistency."""
        item = self._table.get(webhook_health_key(endpoint_id))
        return EndpointCircuitBreaker.parse(item) if item else EndpointCircuitBreaker()

    def reset(self, endpoint_id: str, before: EndpointCircuitBreaker, now_ms: int) -> None:
        """Forget all failures of an endpoint.

        Where its circuit had opened, the same transaction notes that the deliveries that wait for it go on.
        """
        writes: list[Write] = [Delete(webhook_health_key(endpoint_id), EXISTS)]
        if before.half_open:
            since_ms = (before.failing_since_ms or now_ms) - _WAITED_BEFORE_MS
            writes.append(Put(Resumption(endpoint_id, since_ms, now_ms).as_item()))
        try:
            self._table.transact(writes)
        except ConditionFailed:
            return

    def resumptions(self) -> list[Resumption]:
        """Return the endpoints that recovered and for which deliveries still wait."""
        return [
            Resumption(item[SK], item["next_ms"], item["at_ms"])
            for item in self._table.partition(resumption_key())
        ]

    def advance(self, before: Resumption, next_ms: int | None) -> None:
        """Store how far the deliveries of an endpoint have gone on; None: all have.

        If the endpoint has failed and recovered again meanwhile, that is another resumption, which stays.
        """
        same = Attr("at_ms").eq(before.at_ms)
        write: Write = Delete(resumption_key(before.endpoint_id), same)
        if next_ms is not None:
            write = Put(replace(before, next_ms=next_ms).as_item(), same)
        try:
            self._table.write(write)
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
