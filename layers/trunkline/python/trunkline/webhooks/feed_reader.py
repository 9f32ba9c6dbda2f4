"""Reading of the events feed, oldest or newest first, so that a cursor skips no entry.

DynamoDB deletes expired items within a few days of their expiry, so they are also left out here:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard
from trunkline.storage.keys.item import PK, SK, Item
from trunkline.storage.keys.webhooks import feed_entry_key, feed_position_key
from trunkline.storage.table import Table
from trunkline.webhooks.feed_models import (
    FEED_RETENTION_S,
    FeedEntry,
    FeedPosition,
    event_from_attributes,
)

SETTLED_MS = 60_000
"""A number that is still missing behind an entry of this age was taken by a process that has died since.

A function that writes to the feed ends within 30 s, and its clock and ours differ by less than the rest.
"""

_BEGIN = FeedPosition(0, 0)
_DAY_MS = 86_400_000
_CLOCKS_DIFFER_MS = 60_000
_KEYS_AT_ONCE = 100


@dataclass(frozen=True)
class EventFeedReader:
    """Reads the feed of a tenant and mode, with strong consistency; `page` is the size of one query."""

    table: Table
    clock: Clock
    guard: ItemGuard

    def oldest_first(self, tenant_mode: str, after: FeedPosition, page: int) -> Iterator[FeedEntry]:
        """Yield the entries behind a position, and stop where one is still being written.

        If there is none, and none is being written, the only one that is yielded has no event: it says from
        where to go on, so that a reader who waits does not query all the days without an event each time.
        """
        settled_ms, before = self.clock.wall_ms() - SETTLED_MS, after
        for entry in self._from(tenant_mode, after.at_ms + 1, page):
            is_settled = entry.position.at_ms <= settled_ms
            if not (is_settled or self._follows(tenant_mode, entry.position, before)):
                return
            yield entry
            before = entry.position
        # What has settled has landed, or never will. The number stays: the next entry has the one behind it.
        if before is after and settled_ms > after.at_ms:
            yield FeedEntry(FeedPosition(settled_ms, after.number), None)

    def newest_first(self, tenant_mode: str, first_ms: int, before_ms: int, page: int) -> Iterator[FeedEntry]:
        """Yield the entries of a time, the end of which is excluded, newest first."""
        first_ms = max(first_ms, self._oldest_ms())
        last_ms = min(before_ms - 1, self._newest_ms())
        for day_ms in range(_day(last_ms), _day(first_ms) - 1, -_DAY_MS):
            first = feed_entry_key(tenant_mode, max(first_ms, day_ms))
            last = feed_entry_key(tenant_mode, min(last_ms, day_ms + _DAY_MS - 1))
            for items in self.table.newest_between(first, last.sk, limit=page):
                yield from map(self._entry, items)

    def find(self, tenant_mode: str, event_id: str) -> FeedEntry | None:
        """Find an event; None if the feed does not have it."""
        return next(iter(self.find_all(tenant_mode, [event_id])), None)

    def find_all(self, tenant_mode: str, event_ids: Sequence[str]) -> list[FeedEntry]:
        """Find the events that the feed has, in its order."""
        found: list[FeedEntry] = []
        for begin in range(0, len(event_ids), _KEYS_AT_ONCE):
            ids = event_ids[begin : begin + _KEYS_AT_ONCE]
            places = self.table.get_all([feed_position_key(tenant_mode, event_id) for event_id in ids])
            keys = [feed_entry_key(tenant_mode, place["at_ms"]) for place in places]
            found += map(self._entry, self.table.get_all(keys) if keys else ())
        kept = (entry for entry in found if entry.position.at_ms >= self._oldest_ms())
        return sorted(kept, key=lambda entry: entry.position.at_ms)

    def _follows(self, tenant_mode: str, position: FeedPosition, before: FeedPosition) -> bool:
        """Tell whether no entry belongs between two positions, the earlier of which may be a mere time."""
        number = before.number
        if number is None:
            previous = next(self.newest_first(tenant_mode, 0, position.at_ms, 1), None)
            found = previous.position if previous else _BEGIN
            if found.at_ms > before.at_ms:
                return False
            number = found.number
        return number is not None and position.number == number + 1

    def _from(self, tenant_mode: str, first_ms: int, page: int) -> Iterator[FeedEntry]:
        first_ms = max(first_ms, self._oldest_ms())
        for day_ms in range(_day(first_ms), self._newest_ms() + 1, _DAY_MS):
            last_sk = feed_entry_key(tenant_mode, day_ms + _DAY_MS - 1).sk
            next_ms = max(first_ms, day_ms)
            while next_ms < day_ms + _DAY_MS:
                items = self.table.between(feed_entry_key(tenant_mode, next_ms), last_sk, limit=page)
                yield from map(self._entry, items)
                next_ms = int(items[-1][SK]) + 1 if len(items) == page else day_ms + _DAY_MS

    def _entry(self, item: Item) -> FeedEntry:
        number = item.get("number")
        position = FeedPosition(int(item[SK]), number if isinstance(number, int) else None)
        with self.guard.item("feed_event", item[PK]):
            return FeedEntry(position, event_from_attributes(item))
        return FeedEntry(position, None)

    def _oldest_ms(self) -> int:
        return self.clock.wall_ms() - FEED_RETENTION_S * 1000

    def _newest_ms(self) -> int:
        return self.clock.wall_ms() + _CLOCKS_DIFFER_MS


def _day(at_ms: int) -> int:
    return at_ms - at_ms % _DAY_MS
