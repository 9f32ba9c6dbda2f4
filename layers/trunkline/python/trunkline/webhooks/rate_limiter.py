"""Rate limiter of one endpoint: its slots for concurrent deliveries, and its requests per second.

A slot is an item with a lease: a crash cannot leak it, and endpoints do not share load.
"""

from __future__ import annotations

from collections.abc import Callable

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import TTL
from trunkline.storage.keys.webhooks import webhook_slot_key
from trunkline.storage.table import ConditionFailed, Delete, Put, Table, Update
from trunkline.webhooks.models import MAX_CONCURRENT_DELIVERIES, Endpoint

_LEASE_MS = 30_000
_MAX_SLOTS_TRIED = 3
_SLOT_TTL_S = 86_400


class EndpointRateLimiter:
    """Limits the deliveries to an endpoint that are in flight; `jitter()` returns 0 to 1."""

    def __init__(
        self, table: Table, jitter: Callable[[], float], slots: int = MAX_CONCURRENT_DELIVERIES
    ) -> None:
        self._table = table
        self._jitter = jitter
        self._slots = slots

    def acquire(self, endpoint: Endpoint, now_ms: int, *, half_open: bool) -> int | None:
        """Take a slot; return None if those tried were in use. A half-open circuit has one slot."""
        slots = 1 if half_open else endpoint.slots(self._slots)
        first = int(self._jitter() * slots) % slots
        for number in range(min(_MAX_SLOTS_TRIED, slots)):
            slot = (first + number) % slots
            if self._acquire(endpoint, slot, now_ms):
                return slot
        return None

    def release(self, endpoint: Endpoint, slot: int, started_ms: int) -> None:
        """Give a slot back; with a rate limit it stays in use until its next start is due."""
        key = webhook_slot_key(endpoint.id, slot)
        if cooldown_ms := endpoint.slot_cooldown_ms(self._slots):
            self._table.write(Update(key, set={"until_ms": started_ms + cooldown_ms}))
        else:
            self._table.write(Delete(key))

    def _acquire(self, endpoint: Endpoint, slot: int, now_ms: int) -> bool:
        until = Attr("until_ms")
        item = webhook_slot_key(endpoint.id, slot).as_item() | {"until_ms": now_ms + _LEASE_MS}
        item |= {TTL: now_ms // 1000 + _SLOT_TTL_S}
        try:
            self._table.write(Put(item, until.not_exists() | until.lte(now_ms)))
        except ConditionFailed:
            return False
        return True
