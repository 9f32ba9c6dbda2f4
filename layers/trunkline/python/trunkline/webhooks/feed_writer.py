"""Writing of the events feed: each event once, at the end, with a number that shows who is missing.

A feed is read while several processes write to it. An entry that lands behind one that was read already would
be skipped by every cursor. So each entry takes the next number of its tenant and mode first, together with a
time that is later than the one before: order of numbers and order of times are the same, and a reader that
finds a number missing knows that somebody is still writing (docs/adr/0044-number-the-entries-of-the-feed.md).

The item that hands out numbers takes 1,000 writes a second, and so does the partition of a day:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

from __future__ import annotations

from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.aws_failures import is_transient
from trunkline.core.clock import Clock
from trunkline.core.errors import TransientError
from trunkline.core.item_guard import ItemGuard
from trunkline.storage.keys.item import TTL, Item, ItemKey
from trunkline.storage.keys.tenants import tenant_mode_of
from trunkline.storage.keys.webhooks import feed_clock_key, feed_entry_key, feed_position_key
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table, TransactionConflict, Update
from trunkline.webhooks.events import Event
from trunkline.webhooks.feed_models import FEED_RETENTION_S, FeedPosition, attributes_of

_MAX_TRIES = 20
"""Tries for a number: each that fails lost it to another writer."""

_MAY_PASS = (BotoCoreError, ClientError, ConditionFailed, TransactionConflict)


class FeedUnavailable(TransientError):
    """The feed takes no event now; the same may succeed later."""


@dataclass(frozen=True)
class EventFeedWriter:
    """Appends events to the feed of their tenant and mode.

    If a write fails or its process dies, the same event is recorded again by who sent it, and is then behind
    all that were written before. An event whose entry exists is not recorded again.
    """

    table: Table
    clock: Clock
    guard: ItemGuard

    def record(self, event: Event) -> None:
        """Append an event, unless it is there. One that fails for a reason of its own is counted.

        Raises:
            FeedUnavailable: the same may succeed later.
        """
        with self.guard.item("feed_event", event.id, passes=(FeedUnavailable,)):
            try:
                self._record(event, tenant_mode_of(event.tenant_id, event.livemode))
            except _MAY_PASS as error:
                # What DynamoDB refuses, it would refuse each time: a repeat would only hold up others.
                if isinstance(error, ClientError) and not is_transient(error):
                    raise
                raise FeedUnavailable from error

    def _record(self, event: Event, tenant_mode: str) -> None:
        key = feed_position_key(tenant_mode, event.id)
        known = self.table.get(key)
        if known and self.table.get(feed_entry_key(tenant_mode, known["at_ms"])):
            return
        position = self._next_position(tenant_mode)
        expires = {TTL: position.at_ms // 1000 + FEED_RETENTION_S}
        # The position first: of an entry without one, a repeat would not know that it exists.
        self._store_position(key, position, known, expires)
        entry = feed_entry_key(tenant_mode, position.at_ms).as_item()
        self.table.write(Put(entry | attributes_of(event, position) | expires))

    def _next_position(self, tenant_mode: str) -> FeedPosition:
        """Take the next number, and a time that is later than that of the number before."""
        at_ms = self.clock.wall_ms()
        for _ in range(_MAX_TRIES):
            is_later = Attr("at_ms").not_exists() | Attr("at_ms").lt(at_ms)
            key, time = feed_clock_key(tenant_mode), {"at_ms": at_ms}
            try:
                taken = self.table.write(Update(key, set=time, add={"number": 1}, condition=is_later))
            except ConditionFailed as failed:
                at_ms = max(self.clock.wall_ms(), (failed.item or time)["at_ms"] + 1)
            else:
                return FeedPosition(at_ms, taken["number"] if taken else None)
        raise TransactionConflict

    def _store_position(
        self, key: ItemKey, position: FeedPosition, known: Item | None, expires: dict[str, int]
    ) -> None:
        unchanged = Attr("at_ms").eq(known["at_ms"]) if known else ABSENT
        try:
            self.table.write(Put(key.as_item() | {"at_ms": position.at_ms} | expires, unchanged))
        except ConditionFailed as failed:
            # The SDK may repeat a write that had succeeded.
            if (failed.item or {}).get("at_ms") != position.at_ms:
                raise
