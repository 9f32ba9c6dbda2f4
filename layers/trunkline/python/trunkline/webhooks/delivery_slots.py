"""Slots for deliveries in flight: so many to one endpoint, and so many of one tenant.

The delivering function runs a limited number of requests at once for all tenants. A tenant's slots are its
share of them, so that its slow endpoints delay only its own deliveries. A slot is an item with a lease: a
crash cannot leak it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import TTL, ItemKey
from trunkline.storage.keys.webhooks import tenant_slot_key, tenant_wait_key, webhook_slot_key
from trunkline.storage.table import ConditionFailed, Delete, Put, Table
from trunkline.webhooks.models import MAX_CONCURRENT_DELIVERIES, MAX_TENANT_DELIVERIES, Endpoint
from trunkline.webhooks.ticket_clock import TicketClock

_LEASE_MS = 30_000
"""Longer than the function's time limit: whoever holds a slot has released it, or is dead."""

_MAX_SLOTS_TRIED = 3
_SLOT_TTL_S = 86_400
_ASKED_PER_SLOT_S = 1
"""How often a second a slot of a tenant is asked for, by all deliveries that wait for one."""


@dataclass(frozen=True)
class DeliverySlots:
    """Takes and releases slots; `jitter()` returns 0 to 1."""

    table: Table
    jitter: Callable[[], float]
    per_endpoint: int = MAX_CONCURRENT_DELIVERIES
    per_tenant: int = MAX_TENANT_DELIVERIES

    def take_of_tenant(self, endpoint: Endpoint, now_ms: int) -> ItemKey | None:
        """Take one of the tenant's slots; return None if those tried were in use."""
        first = int(self.jitter() * self.per_tenant)
        numbers = ((first + number) % self.per_tenant for number in range(_MAX_SLOTS_TRIED))
        return self._take((tenant_slot_key(endpoint.tenant_id, number) for number in numbers), now_ms)

    def take_of_endpoint(
        self, endpoint: Endpoint, now_ms: int, *, half_open: bool, turn: int | None = None
    ) -> ItemKey | None:
        """Take one of the endpoint's slots; return None if those tried were in use.

        A half-open circuit has one slot. Consecutive `turn`s begin with consecutive slots, so that each finds
        the one that has been free for longest.
        """
        slots = 1 if half_open else self.per_endpoint
        first = int(self.jitter() * slots) if turn is None else turn
        numbers = ((first + number) % slots for number in range(min(_MAX_SLOTS_TRIED, slots)))
        return self._take((webhook_slot_key(endpoint.id, number) for number in numbers), now_ms)

    def retry_in_s(self, endpoint: Endpoint, now_ms: int, at_least_s: float) -> float:
        """Return when a delivery that found no slot should ask again, in seconds.

        The deliveries of a tenant that wait come one after another, however many there are: what they ask
        takes the function from other tenants, too.
        """
        spacing_us = 1_000_000 // (_ASKED_PER_SLOT_S * self.per_tenant)
        first_us = now_ms * 1000 + round(at_least_s * 1_000_000)
        ticket_us = TicketClock(self.table).take(tenant_wait_key(endpoint.tenant_id), spacing_us, first_us)
        return (ticket_us - now_ms * 1000) / 1_000_000

    def release(self, slot: ItemKey) -> None:
        """Give a slot back."""
        self.table.write(Delete(slot))

    def _take(self, slots: Iterable[ItemKey], now_ms: int) -> ItemKey | None:
        return next((slot for slot in slots if self._is_taken_now(slot, now_ms)), None)

    def _is_taken_now(self, slot: ItemKey, now_ms: int) -> bool:
        until = Attr("until_ms")
        item = slot.as_item() | {"until_ms": now_ms + _LEASE_MS, TTL: now_ms // 1000 + _SLOT_TTL_S}
        try:
            self.table.write(Put(item, until.not_exists() | until.lt(now_ms)))
        except ConditionFailed:
            return False
        return True
