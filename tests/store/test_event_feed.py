"""The events feed: every event once, with the payload of its webhook, to its own tenant alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_events import READER, FeedHarness
from tests.store.fixtures_webhooks import MINE, all_items
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS, ManualClock
from trunkline.auth.principal import Principal
from trunkline.call_control.erase_call import EraseCallService
from trunkline.calls.transitions import request_cancel
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.timestamps import iso_from_ms
from trunkline.storage.keys.webhooks import feed_clock_key, feed_entry_key
from trunkline.storage.table import Put, Table, Update
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.webhooks.events import EventType, call_event_id

DAY_S = 86_400
OTHERS = [Principal("tenant-2", True, READER.scopes), replace(READER, livemode=False)]
CANARY = "canary-5d1f"


def started_and_cancelled(feed: FeedHarness, number: int = 1, **changes: Any) -> list[str]:
    """Let a call start and be cancelled, and tell of both; returns the ids of its events."""
    call = make_call(number, **changes)
    feed.calls.create(call)
    feed.calls.update(call.id, lambda current: request_cancel(current, NOW_MS), NOW_MS)
    for sequence in (1, 2):
        feed.webhooks.tell(call.id, sequence)
    return [call_event_id(call.id, sequence) for sequence in (1, 2)]


def test_an_event_is_in_the_feed_though_no_webhook_receives_it(feed: FeedHarness) -> None:
    ids = started_and_cancelled(feed)
    assert feed.webhooks.started() == []
    assert feed.ids() == ids
    assert [event["type"] for event in feed.read()["data"]] == ["call.started", "call.failed"]


def test_the_feed_and_a_webhook_tell_the_same(feed: FeedHarness) -> None:
    feed.webhooks.webhook()
    started_and_cancelled(feed, metadata_json='{"order": 4711}', user_id="user-1")
    for delivery_id in feed.webhooks.started():
        feed.webhooks.run(delivery_id)
    sent = [(request.headers["webhook-id"], json.loads(request.body)) for request in feed.webhooks.sent]
    assert [body["event"] for _, body in sent] == feed.read()["data"]
    assert [event_id for event_id, _ in sent] == feed.ids()
    for event in feed.read()["data"]:
        assert feed.follower.get(READER, event["id"]) == event
        assert event["data"]["metadata"] == {"order": 4711}


def test_an_event_whose_webhook_could_not_be_started_is_recorded_when_it_comes_again(
    feed: FeedHarness,
) -> None:
    feed.webhooks.webhook()
    feed.webhooks.flow.broken = True
    call = make_call()
    feed.calls.create(call)
    with pytest.raises(ConnectionError):
        feed.webhooks.tell(call.id)
    feed.webhooks.flow.broken = False
    feed.webhooks.tell(call.id)
    assert feed.ids() == [call_event_id(call.id, 1)]


def test_a_record_that_the_stream_repeats_is_one_event(feed: FeedHarness) -> None:
    ids = started_and_cancelled(feed)
    feed.clock.move_s(3)
    for _ in range(3):
        feed.webhooks.tell(make_call().id, 1)
    assert feed.ids() == ids
    numbers = feed.table.get(feed_clock_key(MINE.tenant_mode))
    assert numbers is not None
    assert numbers["number"] == 2, "a repeat takes no number, for which readers would wait"


def test_pings_and_pauses_of_trunks_are_events_too(feed: FeedHarness) -> None:
    trunks = TrunkRepository(feed.table)
    trunks.create(TRUNK)
    for tenant_id in ("tenant-1", "tenant-2"):
        trunks.grant(TRUNK.id, tenant_id)
    feed.webhooks.deliveries_service.ping(MINE, feed.webhooks.webhook())
    trunks.set(TRUNK.id, {"paused": True}, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    (log,) = (item for pk, item in all_items(feed.table) if pk.startswith("TRUNKLOG#"))
    feed.webhooks.take(log)
    assert [event["type"] for event in feed.read()["data"]] == ["webhook.ping", "trunk.paused"]
    (theirs,) = feed.read(OTHERS[0])["data"]
    assert (theirs["id"], theirs["tenant_id"]) == (feed.ids()[1], "tenant-2")


@pytest.mark.parametrize("stranger", OTHERS, ids=["tenant", "mode"])
def test_events_of_others_are_not_found(feed: FeedHarness, stranger: Principal) -> None:
    event_id = started_and_cancelled(feed)[0]
    assert feed.ids(stranger) == []
    for asked in (event_id, "evt_none"):
        with pytest.raises(NotFound, match="Event not found"):
            feed.follower.get(stranger, asked)
    with pytest.raises(NotFound, match="Call not found"):
        feed.read(stranger, call_id=make_call().id)


def test_an_erased_call_leaves_nothing_of_the_person(feed: FeedHarness) -> None:
    ids = started_and_cancelled(feed, user_id=CANARY, metadata_json=f'{{"name": "{CANARY}"}}', summary=CANARY)
    assert CANARY in str(feed.read())
    stored = [item for pk, item in all_items(feed.table) if pk.startswith("EVENT")]
    assert CANARY not in str(stored), "the feed reads the call, it has no copy of it"
    EraseCallService(feed.calls, feed.table, feed.clock).erase(MINE, make_call().id)
    shown = feed.read()
    assert [event["id"] for event in shown["data"]] == ids
    assert CANARY not in str(shown)
    assert "+15550100001" not in str(shown)


def test_events_are_shown_for_thirty_days_though_they_are_deleted_later(feed: FeedHarness) -> None:
    old = feed.record(1)
    feed.clock.move_s(DAY_S)
    kept = feed.record(2)
    feed.clock.move_s(29 * DAY_S + 1)
    assert feed.ids() == [kept] == feed.ids(order="newest_first")
    assert feed.follower.get(READER, kept)["id"] == kept
    with pytest.raises(NotFound):
        feed.follower.get(READER, old)
    stored = feed.table.get(feed_entry_key(MINE.tenant_mode, NOW_MS))
    assert stored is not None
    assert stored["ttl"] == NOW_MS // 1000 + 30 * DAY_S


@pytest.mark.memory_table
def test_pages_go_on_over_days_in_both_orders(feed: FeedHarness) -> None:
    ids = []
    for number in range(7):
        ids.append(feed.record(number))
        feed.clock.move_s(DAY_S / 2 + 7)
    for limit in (1, 2, 7, 100):
        assert feed.all_ids(limit=limit) == ids
        assert feed.all_ids(limit=limit, order="newest_first") == ids[::-1]
    assert feed.read(order="newest_first")["position"] is None


@pytest.mark.memory_table
def test_filters_by_type_and_time(feed: FeedHarness) -> None:
    ids = []
    for number, kind in enumerate((EventType.TRUNK_PAUSED, EventType.WEBHOOK_PING, EventType.TRUNK_RESUMED)):
        ids.append(feed.record(number, kind))
        feed.clock.move_s(10)
    assert feed.ids(type="trunk.*") == [ids[0], ids[2]] == feed.all_ids(type="trunk.*", limit=1)
    assert feed.ids(type="trunk.paused,webhook.ping") == ids[:2]
    assert feed.ids(type="call.failed") == []
    begin, middle = iso_from_ms(NOW_MS), iso_from_ms(NOW_MS + 10_000)
    for order in ("oldest_first", "newest_first"):
        assert feed.ids(since=middle, order=order) == sorted(ids[1:], reverse=order == "newest_first")
        assert feed.ids(since=begin, until=middle, order=order) == ids[:1]
        assert feed.ids(since=middle, until=middle, order=order) == []


@pytest.mark.memory_table
def test_the_events_of_a_call_are_found_among_those_of_others(feed: FeedHarness) -> None:
    first = started_and_cancelled(feed, 1)
    started_and_cancelled(feed, 2)
    call_id = make_call(1).id
    assert feed.ids(call_id=call_id.upper()) == first
    assert feed.ids(call_id=call_id, order="newest_first") == first[::-1]
    assert feed.all_ids(call_id=call_id, limit=1) == first
    assert feed.ids(call_id=call_id, type="call.failed") == first[1:]
    with pytest.raises(NotFound):
        feed.read(call_id=make_call(3).id)


@pytest.mark.memory_table
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"type": "call.exploded"}, "type must name events"),
        ({"type": "call.failed,"}, "type must name events"),
        ({"types": "call.failed"}, "did you mean type"),
        ({"call_id": "x"}, "call_id must be a UUID"),
        ({"cursor": "eA"}, "cursor must be the next_cursor"),
        ({"order": "random"}, "order must be one of"),
        ({"wait": 26}, "wait must be"),
        ({"wait": 1, "order": "newest_first"}, "wait cannot be combined"),
    ],
)
def test_a_query_that_is_none_is_refused(feed: FeedHarness, query: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        feed.read(**query)


@pytest.mark.memory_table
def test_events_beside_an_unreadable_one_are_read(feed: FeedHarness) -> None:
    ids = [feed.record(number) for number in range(3)]
    middle = feed.table.between(feed_entry_key(MINE.tenant_mode, NOW_MS), "~")[1]
    feed.table.write(Put(middle | {"type": "no such type"}))
    expected = [ids[0], ids[2]]
    assert feed.ids() == expected == feed.all_ids(limit=1) == feed.ids(order="newest_first")[::-1]
    with pytest.raises(NotFound):
        feed.follower.get(READER, ids[1])


def test_a_feed_that_cannot_be_written_keeps_no_webhook_from_its_event(feed: FeedHarness) -> None:
    feed.webhooks.webhook()
    feed.table.write(Update(feed_clock_key(MINE.tenant_mode), set={"at_ms": "no time"}))
    call = make_call()
    feed.calls.create(call)
    assert feed.webhooks.tell(call.id) == 1


def test_an_event_of_a_deleted_call_has_the_call_s_id_alone(feed: FeedHarness) -> None:
    call_id = make_call(9).id
    event_id = feed.record(1, EventType.CALL_FAILED, call_id=call_id, sequence=4, data={"entry": "failed"})
    assert feed.follower.get(READER, event_id)["data"] == {"call_id": call_id}


@pytest.mark.memory_table
def test_a_page_that_is_too_large_goes_on_behind_its_last_event(
    feed: FeedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [feed.record(number) for number in range(5)]
    monkeypatch.setattr("trunkline.call_control.follow_events.fitting", lambda items: items[:2], raising=True)
    assert feed.all_ids() == ids


@pytest.mark.memory_table
def test_clocks_that_differ_number_the_entries_in_the_order_of_their_times(table: Table) -> None:
    feeds = [FeedHarness(table), FeedHarness(table)]
    feeds[1].writer = replace(feeds[1].writer, clock=ManualClock(NOW_MS - 900))
    ids = [feeds[number % 2].record(number) for number in range(6)]
    items = table.between(feed_entry_key(MINE.tenant_mode, NOW_MS - 900), "~")
    assert [item["number"] for item in items] == [1, 2, 3, 4, 5, 6]
    assert feeds[0].ids() == ids
