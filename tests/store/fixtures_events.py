"""The events feed of a tenant, with webhooks beside it, and writes to it that take their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_webhooks import MINE, WebhookHarness
from tests.support.memory_table import MemoryTable
from tests.support.stubs import GUARD
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.event_query import EventQuery
from trunkline.call_control.follow_events import EventFollower, EventList
from trunkline.call_control.long_polls import LongPolls
from trunkline.core.validation import validated_query
from trunkline.storage.keys.item import PK, SK, Item, ItemKey
from trunkline.storage.table import Put, Table, Write
from trunkline.webhooks.events import Event, EventType
from trunkline.webhooks.feed_reader import EventFeedReader
from trunkline.webhooks.feed_writer import EventFeedWriter

READER = replace(MINE, scopes=frozenset({Scope.CALLS_READ, Scope.TRUNKS_READ, Scope.WEBHOOKS_READ}))
"""Who reads the feed in tests, and may read all of it."""


class SlowTable(MemoryTable):
    """While `is_slow`, entries of the feed land when the test says so. `before_newest` runs before queries of
    the newest items, `before_query` before those of the oldest, which are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow = False
        self.under_way: list[Put] = []
        self.queries = 0
        self.before_query: Callable[[], None] = lambda: None
        self.before_newest: Callable[[], None] = lambda: None

    def write(self, write: Write) -> Item | None:
        if self.is_slow and isinstance(write, Put) and write.item[PK].startswith("EVENTS#"):
            self.under_way.append(write)
            return None
        return super().write(write)

    def newest_between(self, first: ItemKey, last_sk: str, *, limit: int) -> Iterator[list[Item]]:
        self.before_newest()
        return super().newest_between(first, last_sk, limit=limit)

    def between(self, first: ItemKey, last_sk: str, *, limit: int | None = None) -> list[Item]:
        self.queries += 1
        self.before_query()
        return super().between(first, last_sk, limit=limit)

    def land_all_before(self, at_ms: int) -> None:
        """Let the writes arrive that began before a time."""
        while self.under_way and int(self.under_way[0].item[SK]) < at_ms:
            self.land(0)

    def land(self, index: int) -> None:
        """Let one of the writes under way arrive."""
        super().write(self.under_way.pop(index % len(self.under_way)))


class FeedHarness:
    """The feed as it is written and read."""

    def __init__(self, table: Table) -> None:
        self.webhooks = WebhookHarness(table)
        self.table, self.clock, self.calls = table, self.webhooks.clock, self.webhooks.calls
        self.writer = EventFeedWriter(table, self.clock, GUARD)
        self.looks_s: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.slots = LongPolls(table, self.clock, 4)
        reader = EventFeedReader(table, self.clock, GUARD)
        self.follower = EventFollower(reader, self.calls, self.slots, self.clock, GUARD, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.looks_s.append(seconds)
        self.clock.move_s(seconds)
        planned, self.meanwhile = self.meanwhile, lambda: None
        planned()

    def record(self, number: int, event_type: EventType = EventType.TRUNK_PAUSED, **changes: Any) -> str:
        """Record an event of no call; returns its id."""
        values: dict[str, Any] = {
            "id": f"evt_{number:032x}",
            "type": event_type,
            "tenant_id": MINE.tenant_id,
            "livemode": True,
            "at_ms": self.clock.wall_ms(),
            "data": {"trunk_id": "t", "reason": f"reason {number}"},
        }
        event = Event(**(values | changes))
        self.writer.record(event)
        return event.id

    def read(self, principal: Principal = READER, **query: Any) -> EventList:
        texts = {name: str(value) for name, value in query.items()}
        return self.follower.list_events(principal, validated_query(EventQuery, texts))

    def ids(self, principal: Principal = READER, **query: Any) -> list[str]:
        return [event["id"] for event in self.read(principal, **query)["data"]]

    def all_ids(self, **query: Any) -> list[str]:
        """Read page after page until there is no next one."""
        found, page = list[str](), self.read(**query)
        while True:
            found += [event["id"] for event in page["data"]]
            if page["next_cursor"] is None:
                return found
            page = self.read(**query, cursor=page["next_cursor"])


@pytest.fixture
def feed(table: Table) -> FeedHarness:
    return FeedHarness(table)
