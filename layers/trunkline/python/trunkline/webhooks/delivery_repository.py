"""Deliveries in the table: what is under way, and the log of what was tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import OPEN_PK, OPEN_SK, SK, TTL, Item, ItemKey
from trunkline.storage.keys.webhooks import deliveries_partition, delivery_answer_key, delivery_key
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table
from trunkline.webhooks.delivery_models import (
    KEPT_S,
    Attempt,
    Delivery,
    DeliveryKey,
    DeliveryState,
    delivery_from_attributes,
    delivery_key_of,
)

_SHARES = "0123456789abcdef"
_LAST_MS = 10**15 - 1


class DeliveryRepository:
    """Deliveries, by endpoint and time; kept for 30 days."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, delivery: Delivery) -> bool:
        """Store a new one; False if it is there, which makes a stream's repeat harmless."""
        try:
            self._table.write(Put(_item(delivery), ABSENT))
        except ConditionFailed:
            return False
        return True

    def load(self, delivery_id: str) -> Delivery | None:
        """Read one with strong consistency."""
        place = delivery_key_of(delivery_id)
        item = self._table.get(_key(place)) if place else None
        return delivery_from_attributes(item) if item else None

    def save(self, changed: Delivery) -> Delivery | None:
        """Store a change; None if another execution of the same delivery was quicker."""
        after = replace(changed, version=changed.version + 1)
        try:
            self._table.write(Put(_item(after), Attr("version").eq(changed.version)))
        except ConditionFailed:
            return None
        return after

    def keep_answer(self, delivery: Delivery, attempt: Attempt, text: str) -> None:
        """Keep the beginning of an answer beside the delivery, so that a list need not read it."""
        item = _answer_key(delivery, attempt.number).as_item() | {"body": text}
        self._table.write(Put(item | {TTL: delivery.created_at_ms // 1000 + KEPT_S}))

    def answers(self, delivery: Delivery) -> dict[int, str]:
        """The beginnings of the answers, by attempt."""
        items = self._table.partition(_answer_key(delivery, None))
        return {int(item[SK].rpartition("#")[2]): item["body"] for item in items}

    def newest(
        self, endpoint_id: str, since_ms: int, before: str | None, *, limit: int
    ) -> Iterator[list[Delivery]]:
        """Walk pages of an endpoint's deliveries, newest first; `before` is the sort key of the last seen."""
        first, last = delivery_key(endpoint_id, since_ms), delivery_key(endpoint_id, _LAST_MS).sk
        for page in self._table.newest_between(first, before or last, limit=limit):
            yield [delivery_from_attributes(item) for item in page if item[SK] != before]

    def overdue(self, until_ms: int) -> Iterator[Delivery]:
        """Walk what should have been tried before a moment and was not; a moment old."""
        for share in _SHARES:
            for entry in self._table.open_items(deliveries_partition(share), until=f"{until_ms:015d}"):
                item = self._table.get(ItemKey(entry["pk"], entry[SK]))
                if item and item["state"] == DeliveryState.PENDING:
                    yield delivery_from_attributes(item)


def _item(delivery: Delivery) -> Item:
    place = _place(delivery)
    item = delivery.as_attributes() | _key(place).as_item()
    item[TTL] = delivery.created_at_ms // 1000 + KEPT_S
    if delivery.state is DeliveryState.PENDING:
        item[OPEN_PK] = deliveries_partition(place.digest[0])
        item[OPEN_SK] = f"{delivery.next_attempt_at_ms or delivery.created_at_ms:015d}#{delivery.id}"
    return item


def _place(delivery: Delivery) -> DeliveryKey:
    place = delivery_key_of(delivery.id)
    if place is None:
        raise ValueError(delivery.id)
    return place


def _key(place: DeliveryKey) -> ItemKey:
    return delivery_key(place.endpoint_id, place.at_ms, place.digest)


def _answer_key(delivery: Delivery, attempt: int | None) -> ItemKey:
    place = _place(delivery)
    return delivery_answer_key(place.endpoint_id, place.at_ms, place.digest, attempt)
