"""Storage of deliveries: pending ones by due time, and the log of all attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from boto3.dynamodb.conditions import Attr

from trunkline.core.item_guard import ItemGuard
from trunkline.storage.keys.item import OPEN_PK, OPEN_SK, PK, SK, TTL, Item, ItemKey
from trunkline.storage.keys.webhooks import (
    deliveries_partition,
    delivery_answer_key,
    delivery_key,
    recovery_key,
)
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table
from trunkline.webhooks.delivery_models import (
    DELIVERY_RETENTION_S,
    Attempt,
    Delivery,
    DeliveryKey,
    DeliveryState,
    delivery_from_attributes,
    key_of,
    parse_delivery_id,
)

_SHARDS = "0123456789abcdef"
_LAST_MS = 10**15 - 1
_RECOVERY_KEPT_MS = 15 * 60_000
_KEYS_AT_ONCE = 100


@dataclass(frozen=True)
class OverdueDelivery:
    """Key of a delivery that was not made in time, with its position among those."""

    key: ItemKey
    position: str
    due_ms: int


class DeliveryRepository:
    """Stores deliveries by endpoint and time, for 30 days."""

    def __init__(self, table: Table, guard: ItemGuard | None = None) -> None:
        self._table = table
        self._guard = guard

    def create(self, delivery: Delivery) -> bool:
        """Store a new delivery; return False if it exists, which makes a repeated stream record harmless."""
        try:
            self._table.write(Put(_item(delivery), ABSENT))
        except ConditionFailed:
            return False
        return True

    def load(self, delivery_id: str) -> Delivery | None:
        """Read a delivery with strong consistency."""
        key = parse_delivery_id(delivery_id)
        item = self._table.get(_item_key(key)) if key else None
        return delivery_from_attributes(item) if item else None

    def load_all(self, delivery_ids: Sequence[str]) -> list[Delivery]:
        """Read those of some deliveries that there are, a hundred at a time."""
        keys = [_item_key(key) for each in delivery_ids if (key := parse_delivery_id(each))]
        found: list[Delivery] = []
        for begin in range(0, len(keys), _KEYS_AT_ONCE):
            found += self._readable(self._table.get_all(keys[begin : begin + _KEYS_AT_ONCE]))
        return found

    def save(self, changed: Delivery) -> Delivery | None:
        """Store a change; return None if another execution of the same delivery changed it first."""
        after = replace(changed, version=changed.version + 1)
        try:
            self._table.write(Put(_item(after), Attr("version").eq(changed.version)))
        except ConditionFailed:
            return None
        return after

    def store_response(self, delivery: Delivery, attempt: Attempt, text: str) -> None:
        """Store the beginning of a response in an item of its own, so that lists need not read it."""
        item = _response_key(delivery, attempt.number).as_item() | {"body": text}
        self._table.write(Put(item | {TTL: delivery.created_at_ms // 1000 + DELIVERY_RETENTION_S}))

    def response_bodies(self, delivery: Delivery) -> dict[int, str]:
        """Return the beginnings of the response bodies, by attempt."""
        items = self._table.partition(_response_key(delivery, None))
        return {int(item[SK].rpartition("#")[2]): item["body"] for item in items}

    def newest_first(
        self, endpoint_id: str, since_ms: int, before: str | None, *, limit: int
    ) -> Iterator[list[Delivery]]:
        """Yield pages of an endpoint's deliveries, newest first; `before` is the last sort key read."""
        first, last = delivery_key(endpoint_id, since_ms), delivery_key(endpoint_id, _LAST_MS).sk
        for page in self._table.newest_between(first, before or last, limit=limit):
            yield self._readable([item for item in page if item[SK] != before])

    def oldest_first(self, endpoint_id: str, since_ms: int, *, limit: int) -> tuple[list[Delivery], bool]:
        """Read an endpoint's oldest deliveries since a time, and tell whether these are all."""
        first, last = delivery_key(endpoint_id, since_ms), delivery_key(endpoint_id, _LAST_MS).sk
        items = list(self._table.between(first, last, limit=limit))
        return self._readable(items), len(items) < limit

    def _readable(self, items: list[Item]) -> list[Delivery]:
        """Parse deliveries; with a guard, one that cannot be read hides no other."""
        if self._guard is None:
            return [delivery_from_attributes(item) for item in items]
        return self._guard.readable("delivery", items, delivery_from_attributes)

    def recovery_position(self, endpoint_id: str, now_ms: int) -> str | None:
        """Return the last sort key that a recovery of the last 15 minutes read; None if there is none."""
        item = self._table.get(recovery_key(endpoint_id))
        return item["before"] if item and now_ms - item["at_ms"] < _RECOVERY_KEPT_MS else None

    def save_recovery(self, endpoint_id: str, before: str, now_ms: int) -> None:
        """Store the last sort key that a recovery has read, newest first."""
        item = recovery_key(endpoint_id).as_item() | {"before": before, "at_ms": now_ms}
        self._table.write(Put(item | {TTL: (now_ms + _RECOVERY_KEPT_MS) // 1000}))

    def end_recovery(self, endpoint_id: str) -> None:
        """Forget how far a recovery came: the next one begins at the newest delivery."""
        self._table.write(Delete(recovery_key(endpoint_id)))

    def overdue(self, until_ms: int, after: str = "") -> Iterator[OverdueDelivery]:
        """Yield the pending deliveries that were due before `until_ms`; eventually consistent.

        They come in the order of their positions from `after` on, and round to it.
        """
        last = f"{until_ms:015d}"
        first_shard, _, behind = after.partition("#")
        turn = _SHARDS.find(first_shard) if after else 0
        shards = [*_SHARDS[turn:], *_SHARDS[:turn]]
        ranges = [(shard, "0", last) for shard in shards]
        if after:
            ranges[0] = (first_shard, f"{behind}~", last)
            ranges.append((first_shard, "0", behind))
        for shard, first, end in ranges:
            if first <= end:
                for entry in self._table.open_range(deliveries_partition(shard), first, end):
                    position = entry[OPEN_SK]
                    due_ms = int(position.partition("#")[0])
                    yield OverdueDelivery(ItemKey(entry[PK], entry[SK]), f"{shard}#{position}", due_ms)

    def load_pending(self, key: ItemKey) -> Delivery | None:
        """Read a delivery that has not ended."""
        item = self._table.get(key)
        return delivery_from_attributes(item) if item and item["state"] == DeliveryState.PENDING else None


def _item(delivery: Delivery) -> Item:
    key = key_of(delivery)
    item = delivery.as_attributes() | _item_key(key).as_item()
    item[TTL] = delivery.created_at_ms // 1000 + DELIVERY_RETENTION_S
    if delivery.state is DeliveryState.PENDING:
        item[OPEN_PK] = deliveries_partition(key.digest[0])
        item[OPEN_SK] = f"{delivery.next_attempt_at_ms or delivery.created_at_ms:015d}#{delivery.id}"
    return item


def _item_key(key: DeliveryKey) -> ItemKey:
    return delivery_key(key.endpoint_id, key.at_ms, key.digest)


def _response_key(delivery: Delivery, attempt: int | None) -> ItemKey:
    key = key_of(delivery)
    return delivery_answer_key(key.endpoint_id, key.at_ms, key.digest, attempt)
