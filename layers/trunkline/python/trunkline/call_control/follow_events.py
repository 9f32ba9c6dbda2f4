"""The events feed as tenants read it: pages, one event, and waiting for the next ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import NotRequired

from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.call_control.event_query import EventQuery, Order
from trunkline.call_control.event_scopes import readable_types, require_some
from trunkline.call_control.long_polls import LongPolls
from trunkline.call_control.patience import Patience
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.repository import CallRepository
from trunkline.core.clock import Clock
from trunkline.core.errors import NotFound
from trunkline.core.item_guard import ItemGuard
from trunkline.core.pagination import encode_cursor
from trunkline.http_api.response_size import fitting
from trunkline.webhooks.events import EventType, call_event_id, type_of_call_event
from trunkline.webhooks.feed_models import FeedEntry, FeedPosition
from trunkline.webhooks.feed_reader import EventFeedReader
from trunkline.webhooks.payload import event_data, webhook_event
from trunkline.webhooks.payload_schemas import FeedEvent

_LOOK_EVERY_S = 0.5
_MAX_SCANNED = 2_000
_PAGE_WITH_FILTER = 200
_LAST_MS = 10**15


class EventList(TypedDict):
    """Events, as webhooks receive them in `event`.

    `position` is the place behind the last event that was looked at: send it as `cursor` to go on from there,
    with `wait` to follow the feed. `poll_after_s` is there if a wait was cut short because too many requests
    wait: ask again in so many seconds.
    """

    data: list[FeedEvent]
    next_cursor: str | None
    position: str | None
    poll_after_s: NotRequired[int]


@dataclass(frozen=True)
class _Page:
    """Entries in the order of the query; `last` is the position behind all that were looked at."""

    entries: list[FeedEntry]
    last: FeedPosition
    has_more: bool


@dataclass(frozen=True)
class EventFollower:
    """Reads the events of a principal's tenant and mode, and waits for new ones.

    Types that the principal's scopes do not let it read are left out: for it, they are not there.
    The data of a call's event are those of the call as it is when the feed is read: what was erased is not in
    it.
    """

    feed: EventFeedReader
    calls: CallRepository
    long_polls: LongPolls
    clock: Clock
    guard: ItemGuard
    sleep: Callable[[float], None] = time.sleep

    def list_events(self, principal: Principal, query: EventQuery) -> EventList:
        """Return a page of events. With `wait`, return when there is one, or the time is over.

        Raises:
            NotFound: the query names a call that is not the principal's.
            MissingScope: the query names types, of which the principal may read none.
            InvalidRequest: the cursor is not of this list.
        """
        require_some(principal, query)
        patience = Patience.of(query.wait, self.clock, self.sleep)
        page = self._look(principal, query, query.after)
        if page.entries or page.has_more or not self._may_come(query):
            return self._view(page, query)
        with self.long_polls.slot(principal.tenant_id, query.wait) as may_wait:
            if may_wait:
                return self._view(self._next(principal, query, page, patience), query)
        return {**self._view(page, query), "poll_after_s": self.long_polls.poll_after_s()}

    def get(self, principal: Principal, event_id: str) -> FeedEvent:
        """Return an event.

        Raises:
            NotFound: the feed of the principal's tenant and mode does not have it, or not for its scopes.
        """
        entry = self.feed.find(principal.tenant_mode, event_id)
        may_read = entry and entry.event and entry.event.type in readable_types(principal)
        shown = self._events([entry]) if entry and may_read else []
        if not shown:
            raise NotFound("Event not found")
        return shown[0][1]

    def _may_come(self, query: EventQuery) -> bool:
        return query.wait > 0 and (query.until_ms is None or query.until_ms > self.clock.wall_ms())

    def _next(self, principal: Principal, query: EventQuery, page: _Page, patience: Patience) -> _Page:
        """Look until there is an event that the query wants; each look begins where the one before ended."""
        last = page.last

        def look() -> _Page:
            nonlocal last
            found = self._look(principal, query, last)
            last = found.last
            return found

        return patience.look_until(
            lambda found: bool(found.entries) or found.has_more, page, look, lambda _: _LOOK_EVERY_S
        )

    def _look(self, principal: Principal, query: EventQuery, after: FeedPosition) -> _Page:
        """Read until the page is full; if few entries pass the filter, it is short and has a next one."""
        wanted = {each for each in readable_types(principal) if query.wants_type(each)}
        page = query.limit + 1 if len(wanted) == len(EventType) else _PAGE_WITH_FILTER
        found, scanned, last = list[FeedEntry](), 0, after
        for entry in self._entries(principal, query, after, page):
            if len(found) == query.limit or scanned == _MAX_SCANNED:
                return _Page(found, last, has_more=True)
            scanned, last = scanned + 1, entry.position
            if entry.event and entry.event.type in wanted:
                found.append(entry)
        return _Page(found, last, has_more=False)

    def _entries(
        self, principal: Principal, query: EventQuery, after: FeedPosition, page: int
    ) -> Iterator[FeedEntry]:
        """Yield the entries of the time that is asked for, in the order of the query."""
        tenant_mode = principal.tenant_mode
        before_ms = _LAST_MS if query.before_ms is None else query.before_ms
        if query.order is Order.NEWEST_FIRST:
            if query.call_id is None:
                return self.feed.newest_first(tenant_mode, query.since_ms, before_ms, page)
            newest_first = reversed(self._of_call(principal, query.call_id))
            return (each for each in newest_first if query.since_ms <= each.position.at_ms < before_ms)
        entries: Iterable[FeedEntry] = (
            self.feed.oldest_first(tenant_mode, after, page)
            if query.call_id is None
            else (each for each in self._of_call(principal, query.call_id) if _is_behind(each, after))
        )
        until_ms = _LAST_MS if query.until_ms is None else query.until_ms
        return takewhile(lambda entry: entry.position.at_ms < until_ms, entries)

    def _of_call(self, principal: Principal, call_id: str) -> list[FeedEntry]:
        """Find the entries of a call by the ids that its timeline gives to its events."""
        found, events = self.calls.load_with_events(parse_call_id(call_id)) or (None, [])
        call = require_own(found, principal)
        ids = [
            call_event_id(call.id, event.sequence)
            for event in events
            if type_of_call_event(event.type, event.sequence)
        ]
        return self.feed.find_all(principal.tenant_mode, ids)

    def _view(self, page: _Page, query: EventQuery) -> EventList:
        events = self._events(page.entries)
        shown = fitting([event for _, event in events])
        is_cut = len(shown) < len(events)
        place = encode_cursor((events[len(shown) - 1][0] if is_cut else page.last).text)
        return {
            "data": list(shown),
            "next_cursor": place if is_cut or page.has_more else None,
            "position": place if query.order is Order.OLDEST_FIRST else None,
        }

    def _events(self, entries: list[FeedEntry]) -> list[tuple[FeedPosition, FeedEvent]]:
        """Return the events of up to 100 entries, without those that cannot be read."""
        known = [(entry.position, entry.event) for entry in entries if entry.event]
        ids = dict.fromkeys(event.call_id for _, event in known if event.call_id)
        calls = {call.id: call for call in self.calls.load_all(list(ids), self.guard)} if ids else {}
        shown: list[tuple[FeedPosition, FeedEvent]] = []
        for position, event in known:
            with self.guard.item("feed_event", event.id):
                call = calls.get(event.call_id) if event.call_id else None
                shown.append((position, webhook_event(event, event_data(event, call))))
        return shown


def _is_behind(entry: FeedEntry, after: FeedPosition) -> bool:
    return entry.position.at_ms > after.at_ms
