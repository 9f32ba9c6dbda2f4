"""Who may send to an endpoint now: its slots, its rate and its circuit.

A slot is an item with a lease: it cannot leak, and one endpoint's load is no other's.
"""

from __future__ import annotations

from collections.abc import Callable

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import TTL
from trunkline.storage.keys.webhooks import webhook_slot_key
from trunkline.storage.table import ConditionFailed, Delete, Put, Table, Update
from trunkline.webhooks.models import AT_ONCE, Endpoint

_LEASE_MS = 30_000
_TRIES = 3
_FORGET_S = 86_400


class EndpointRateLimiter:
    """Lets so many deliveries through to an endpoint at once; `chance()` is from 0 to 1."""

    def __init__(self, table: Table, chance: Callable[[], float], slots: int = AT_ONCE) -> None:
        self._table = table
        self._chance = chance
        self._slots = slots

    def take(self, endpoint: Endpoint, now_ms: int, *, probing: bool) -> int | None:
        """Take a slot, or None if none was free among those that were tried; one that probes has one."""
        slots = 1 if probing else endpoint.slots(self._slots)
        first = int(self._chance() * slots) % slots
        for number in range(min(_TRIES, slots)):
            slot = (first + number) % slots
            if self._take(endpoint, slot, now_ms):
                return slot
        return None

    def free(self, endpoint: Endpoint, slot: int, started_ms: int) -> None:
        """Give a slot back; with a rate it rests until its turn."""
        key = webhook_slot_key(endpoint.id, slot)
        if rest_ms := endpoint.slot_rest_ms(self._slots):
            self._table.write(Update(key, set={"until_ms": started_ms + rest_ms}))
        else:
            self._table.write(Delete(key))

    def _take(self, endpoint: Endpoint, slot: int, now_ms: int) -> bool:
        until = Attr("until_ms")
        item = webhook_slot_key(endpoint.id, slot).as_item() | {"until_ms": now_ms + _LEASE_MS}
        item |= {TTL: now_ms // 1000 + _FORGET_S}
        try:
            self._table.write(Put(item, until.not_exists() | until.lte(now_ms)))
        except ConditionFailed:
            return False
        return True
