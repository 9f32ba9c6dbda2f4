"""Following the events feed: what is written late is not skipped, and a request waits for what comes next."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.store.fixtures_events import FeedHarness, SlowTable
from tests.store.fixtures_webhooks import MINE
from tests.support.clocks import NOW_MS
from trunkline.core.timestamps import iso_from_ms
from trunkline.storage.keys.webhooks import feed_position_key
from trunkline.storage.table import Put, Table
from trunkline.webhooks.events import EventType
from trunkline.webhooks.feed_reader import SETTLED_MS

LONGEST_WRITE_MS = 30_000
"""Functions that write to the feed end by then."""

STEPS = st.lists(
    st.one_of(
        st.just(("record", 0)),
        st.tuples(st.just("land"), st.integers(0, 20)),
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.just("pass"), st.integers(1, 100)),
    ),
    max_size=40,
)


def slow_feed() -> tuple[FeedHarness, SlowTable]:
    table = SlowTable()
    return FeedHarness(table), table


@hypothesis.given(STEPS, st.sampled_from([{}, {"since": iso_from_ms(NOW_MS + 5)}]))
@hypothesis.settings(max_examples=60, deadline=None)
def test_whoever_writes_late_a_reader_gets_every_event_once_and_in_order(
    steps: list[tuple[str, int]], begin: dict[str, Any]
) -> None:
    """Entries land in any order; the reader begins before all of them, or in their midst."""
    feed, table = slow_feed()
    table.is_slow = True
    recorded: list[tuple[str, int]] = []
    seen: list[str] = []
    query = begin

    def read(limit: int) -> None:
        nonlocal query
        page = feed.read(**query, limit=limit)
        seen.extend(event["id"] for event in page["data"])
        query = {"cursor": page["next_cursor"] or page["position"]}

    for kind, value in steps:
        feed.clock.move_s(0.002)
        if kind == "record":
            event_id = feed.record(len(recorded))
            recorded.append((event_id, int(table.under_way[-1].item["sk"])))
        elif kind == "land" and table.under_way:
            table.land(value)
        elif kind == "read":
            read(value)
        elif kind == "pass":
            feed.clock.move_s(value)
            table.land_all_before(feed.clock.wall_ms() - LONGEST_WRITE_MS)
    table.land_all_before(feed.clock.wall_ms() + 1_000)
    for _ in range(len(recorded) + 1):
        read(2)
    first_ms = NOW_MS + 5 if begin else 0
    assert seen == [event_id for event_id, at_ms in recorded if at_ms >= first_ms]


@pytest.mark.parametrize("begin", [{}, {"since": iso_from_ms(NOW_MS)}])
def test_nobody_waits_for_ever_for_a_writer_that_died(begin: dict[str, Any]) -> None:
    feed, table = slow_feed()
    first = feed.record(1)
    known = feed.read(**begin)
    table.is_slow = True
    feed.record(2)
    table.is_slow = False
    behind = feed.record(3)
    assert [event["id"] for event in known["data"]] == [first]
    assert feed.ids(cursor=known["position"]) == []
    feed.clock.move_s(SETTLED_MS / 1000 + 1)
    assert feed.ids(cursor=known["position"]) == [behind]


def test_an_event_whose_writer_died_halfway_is_recorded_again_at_the_end() -> None:
    feed, table = slow_feed()
    table.is_slow = True
    event_id = feed.record(1)
    table.is_slow = False
    after = feed.record(2)
    feed.clock.move_s(1)
    assert feed.record(1) == event_id
    assert feed.record(1) == event_id
    feed.clock.move_s(SETTLED_MS / 1000)
    assert feed.ids() == [after, event_id]


def test_a_write_that_the_sdk_repeats_is_no_conflict(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = FeedHarness(table)
    write = table.write

    def twice(each: Any) -> Any:
        if isinstance(each, Put) and each.item["pk"].startswith("EVENTPOSITION#"):
            write(each)
        return write(each)

    monkeypatch.setattr(table, "write", twice)
    event_id = feed.record(1)
    assert feed.ids() == [event_id]
    assert table.get(feed_position_key(MINE.tenant_mode, event_id))


def test_an_event_ends_the_wait_of_a_reader(feed: FeedHarness) -> None:
    feed.record(1)
    known = feed.read()
    feed.meanwhile = lambda: feed.record(2)
    page = feed.read(cursor=known["position"], wait=20)
    assert [event["data"]["reason"] for event in page["data"]] == ["reason 2"]
    assert feed.looks_s == [0.5]


def test_an_event_of_another_type_does_not_end_the_wait_and_is_not_read_again(feed: FeedHarness) -> None:
    known = feed.read()
    feed.meanwhile = lambda: feed.record(1, EventType.WEBHOOK_PING)
    page = feed.read(cursor=known["position"], wait=5, type="trunk.*")
    assert page["data"] == []
    assert sum(feed.looks_s) == 5
    assert feed.ids(cursor=page["position"]) == []


DAYS = 20


def idle_feed() -> tuple[FeedHarness, SlowTable, str | None]:
    """Return a feed whose last event is twenty days old, with the position behind that event."""
    feed, table = slow_feed()
    feed.record(1)
    known = feed.read()
    feed.clock.move_s(DAYS * 86_400)
    table.queries = 0
    return feed, table, known["position"]


def test_a_wait_looks_at_the_days_without_an_event_once() -> None:
    feed, table, position = idle_feed()
    page = feed.read(cursor=position, wait=5)
    assert len(feed.looks_s) == 10
    assert table.queries == DAYS + 1 + len(feed.looks_s)
    table.queries = 0
    feed.record(2)
    found = feed.read(cursor=page["position"])
    assert [event["data"]["reason"] for event in found["data"]] == ["reason 2"]
    assert table.queries == 1, "the number of the entry before is known still"


def test_a_position_does_not_move_past_a_time_that_was_not_asked_for() -> None:
    feed, _, position = idle_feed()
    behind = feed.record(2)
    feed.clock.move_s(86_400)
    end = iso_from_ms(NOW_MS + 86_400_000)
    page = feed.read(cursor=position, until=end)
    assert page["data"] == []
    assert feed.ids(cursor=page["position"]) == [behind]


def test_a_position_does_not_move_past_an_entry_that_waits_for_a_number() -> None:
    feed, table, position = idle_feed()
    table.is_slow = True
    late = feed.record(2)
    table.is_slow = False
    feed.clock.move_s(1)
    behind = feed.record(3)
    feed.clock.move_s(29)
    page = feed.read(cursor=position)
    assert (page["data"], page["position"]) == ([], position)
    table.land(0)
    assert feed.ids(cursor=page["position"]) == [late, behind]


def test_no_look_is_begun_that_would_end_too_late() -> None:
    """API Gateway ends a request after 30 seconds, and the longest wait is 25."""
    feed, table = slow_feed()
    feed.record(1)
    position, began_us = feed.read()["position"], feed.clock.monotonic_us()
    table.before_query = lambda: feed.clock.move_s(4)
    assert feed.read(cursor=position, wait=25)["data"] == []
    assert feed.clock.monotonic_us() - began_us <= 25_000_000


def test_a_wait_for_a_time_that_is_over_is_none(feed: FeedHarness) -> None:
    assert feed.ids(until=iso_from_ms(NOW_MS), wait=20) == []
    assert feed.looks_s == []


def test_a_reader_that_waits_takes_a_slot(feed: FeedHarness) -> None:
    slots = [feed.slots.slot(MINE.tenant_id, 20) for _ in range(4)]
    assert sum(slot.__enter__() for slot in slots) == 2
    page = feed.read(wait=20)
    assert page["poll_after_s"] > 0
    assert feed.looks_s == []


def test_an_entry_that_lands_while_its_successor_is_looked_at_is_not_skipped() -> None:
    """A request without a cursor looks for the predecessor of the first entry that it has read."""
    feed, table = slow_feed()
    table.is_slow = True
    late = feed.record(1)
    table.is_slow = False
    after = feed.record(2)
    table.before_newest = lambda: table.land(0) if table.under_way else None
    assert feed.ids() == []
    assert feed.ids() == [late, after]
