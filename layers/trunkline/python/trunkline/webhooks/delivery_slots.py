"""Slots for deliveries in flight: so many to one endpoint, so many of one tenant, and so many of all.

The delivering function runs a limited number of requests at once for all tenants. A slot is an item with a
lease: a crash cannot leak it. `docs/adr/0034-reserve-deliveries-for-quiet-tenants.md` has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.storage.keys.item import SK, TTL, ItemKey
from trunkline.storage.keys.webhooks import (
    delivery_slot_key,
    tenant_slot_key,
    tenant_wait_key,
    webhook_slot_key,
)
from trunkline.storage.table import ConditionFailed, Delete, Put, Table
from trunkline.webhooks.models import (
    MAX_CONCURRENT_DELIVERIES,
    MAX_DELIVERIES,
    MAX_TENANT_DELIVERIES,
    Endpoint,
)
from trunkline.webhooks.ticket_clock import TicketClock

_LEASE_MS = 30_000
"""Longer than the function's time limit: whoever holds a slot has released it, or is dead."""

_MAX_SLOTS_TRIED = 3
_SLOT_TTL_S = 86_400
_ASKED_PER_SLOT_S = 1
"""How often a second a slot of a tenant is asked for, by all deliveries that wait for one."""

_RESERVED_SHARE = 4
"""One of so many slots is for tenants that have no other."""

Slot = tuple[ItemKey, ...]


@dataclass(frozen=True)
class TenantSlot:
    """A slot of a tenant, empty if none was free; `share` is the number of slots the tenant can have then."""

    keys: Slot
    share: int


@dataclass(frozen=True)
class DeliverySlots:
    """Takes and releases slots; `jitter()` returns 0 to 1.

    A tenant's slots have numbers, and so have all slots. The last quarter of all is for tenants that have no
    slot. Of the others, the pool, a tenant can have one more only while it has fewer than are free: the more
    the pool fills, the fewer it can have.
    """

    table: Table
    jitter: Callable[[], float]
    per_endpoint: int = MAX_CONCURRENT_DELIVERIES
    per_tenant: int = MAX_TENANT_DELIVERIES
    total: int = MAX_DELIVERIES

    @property
    def reserved(self) -> int:
        """Return how many slots are for tenants that have no other."""
        return self.total // _RESERVED_SHARE

    def take_of_tenant(self, endpoint: Endpoint, now_ms: int) -> TenantSlot:
        """Take a slot of the tenant, and with it one of all."""

        def of_tenant(number: int) -> ItemKey:
            return tenant_slot_key(endpoint.tenant_id, number)

        number = self._take_number(of_tenant, self._tenant_ranges(), now_ms)
        if number is None:
            return TenantSlot((), self.per_tenant)
        place = self._take_of_all(number, now_ms)
        if place is None:
            self.release((of_tenant(number),))
            return TenantSlot((), max(1, number))
        return TenantSlot((delivery_slot_key(place), of_tenant(number)), number + 1)

    def take_of_endpoint(
        self, endpoint: Endpoint, now_ms: int, *, half_open: bool, turn: int | None = None
    ) -> Slot | None:
        """Take one of the endpoint's slots; return None if those tried were in use.

        A half-open circuit has one slot. Consecutive `turn`s begin with consecutive slots, so that each finds
        the one that has been free for longest.
        """
        slots = 1 if half_open else self.per_endpoint
        first = int(self.jitter() * slots) if turn is None else turn
        numbers = ((first + number) % slots for number in range(min(_MAX_SLOTS_TRIED, slots)))
        keys = (webhook_slot_key(endpoint.id, number) for number in numbers)
        return next(((key,) for key in keys if self._is_taken_now(key, now_ms)), None)

    def retry_in_s(
        self, endpoint: Endpoint, now_ms: int, at_least_s: float, share: int | None = None
    ) -> float:
        """Return when a delivery that found no slot should ask again, in seconds.

        The deliveries of a tenant that wait come one after another, however many there are: what they ask
        takes the function from other tenants, too. `share` is the number of slots the tenant can have, if
        that is less than its limit.
        """
        spacing_us = 1_000_000 // (_ASKED_PER_SLOT_S * (share or self.per_tenant))
        first_us = now_ms * 1000 + round(at_least_s * 1_000_000)
        ticket_us = TicketClock(self.table).take(tenant_wait_key(endpoint.tenant_id), spacing_us, first_us)
        return (ticket_us - now_ms * 1000) / 1_000_000

    def release(self, slot: Slot) -> None:
        """Give a slot back; one that stays taken ends with its lease.

        An error here would have the step repeated, although its attempt is recorded.
        """
        for key in slot:
            with suppress(BotoCoreError, ClientError):
                self.table.write(Delete(key))

    def _tenant_ranges(self) -> list[int]:
        """Return the numbers to try as ranges from 0: the lowest that is free, or not much above it."""
        doubled = [2**power for power in range(self.per_tenant.bit_length())]
        return [*(size for size in doubled if size < self.per_tenant), *[self.per_tenant] * _MAX_SLOTS_TRIED]

    def _take_of_all(self, number: int, now_ms: int) -> int | None:
        """Take the slot of all that goes with a tenant's slot `number`."""
        pool = self.total - self.reserved
        in_pool = [pool] * _MAX_SLOTS_TRIED
        if number == 0:
            return self._take_number(delivery_slot_key, [*in_pool, *[self.total] * _MAX_SLOTS_TRIED], now_ms)
        used = self._numbers_in_use(delivery_slot_key, now_ms)
        if number >= pool - sum(each < pool for each in used):
            return None
        return self._take_number(delivery_slot_key, in_pool, now_ms, used)

    def _take_number(
        self,
        key_of: Callable[[int], ItemKey],
        ranges: Iterable[int],
        now_ms: int,
        known_used: Iterable[int] = (),
    ) -> int | None:
        """Take a free number of one of the ranges; who does not find one at once reads which are free."""
        used = set(known_used)
        for tried, size in enumerate(ranges):
            if tried == 1 and not known_used:
                used |= self._numbers_in_use(key_of, now_ms)
            free = [number for number in range(size) if number not in used]
            if not free:
                continue
            number = free[int(self.jitter() * len(free))]
            if self._is_taken_now(key_of(number), now_ms):
                return number
            used.add(number)
        return None

    def _numbers_in_use(self, key_of: Callable[[int], ItemKey], now_ms: int) -> set[int]:
        first = key_of(0)
        items = self.table.partition(ItemKey(first.pk, first.sk.rpartition("#")[0] + "#"))
        return {int(item[SK].rpartition("#")[2]) for item in items if item["until_ms"] >= now_ms}

    def _is_taken_now(self, slot: ItemKey, now_ms: int) -> bool:
        until = Attr("until_ms")
        item = slot.as_item() | {"until_ms": now_ms + _LEASE_MS, TTL: now_ms // 1000 + _SLOT_TTL_S}
        try:
            self.table.write(Put(item, until.not_exists() | until.lt(now_ms)))
        except ConditionFailed:
            return False
        return True
