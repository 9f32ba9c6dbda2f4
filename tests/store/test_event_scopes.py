"""The feed shows a key the events of what it may read: a webhook's URL is none of a calls key's business."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_events import READER, FeedHarness
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.event_scopes import readable_types
from trunkline.core.errors import MissingScope, NotFound
from trunkline.webhooks.events import EventType

pytestmark = pytest.mark.memory_table
TRUNK, WEBHOOK = EventType.TRUNK_PAUSED, EventType.WEBHOOK_DISABLED
SECRET_URL = "https://hooks.example.com/canary-7b21"


def holder(*scopes: Scope) -> Principal:
    return replace(READER, scopes=frozenset(scopes))


CALLS_ONLY = holder(Scope.CALLS_READ)


def recorded(feed: FeedHarness) -> tuple[str, str]:
    """Record an event of a trunk, and one of a webhook with its URL."""
    data = {"webhook_id": "wh_1", "url": SECRET_URL}
    return feed.record(1, TRUNK), feed.record(2, WEBHOOK, data=data)


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_a_key_sees_the_events_of_its_scopes(feed: FeedHarness, order: str) -> None:
    trunk, webhook = recorded(feed)
    read = Scope.CALLS_READ
    assert feed.ids(CALLS_ONLY, order=order) == []
    assert feed.ids(holder(read, Scope.TRUNKS_READ), order=order) == [trunk]
    assert feed.ids(holder(read, Scope.WEBHOOKS_READ), order=order) == [webhook]
    assert feed.ids(holder(read, Scope.WEBHOOKS_WRITE), order=order) == [webhook]
    assert sorted(feed.ids(holder(Scope.ADMIN), order=order)) == sorted([trunk, webhook])


def test_an_event_of_a_scope_that_is_missing_is_not_found(feed: FeedHarness) -> None:
    for event_id in recorded(feed):
        assert feed.follower.get(READER, event_id)["id"] == event_id
        with pytest.raises(NotFound, match="Event not found"):
            feed.follower.get(CALLS_ONLY, event_id)


@pytest.mark.parametrize(
    ("types", "scope"),
    [
        ("trunk.*", "trunks:read"),
        ("webhook.disabled", "webhooks:read"),
        ("webhook.*,trunk.paused", "webhooks:read"),
    ],
)
def test_types_of_which_none_may_be_read_are_refused(feed: FeedHarness, types: str, scope: str) -> None:
    with pytest.raises(MissingScope, match=f"^Missing scope: {scope}$"):
        feed.read(CALLS_ONLY, type=types)


@pytest.mark.parametrize("types", ["*", "call.failed,webhook.*"])
def test_types_of_which_some_may_be_read_are_read(feed: FeedHarness, types: str) -> None:
    recorded(feed)
    shown = feed.record(3, EventType.CALL_FAILED, data={"entry": "failed"}, call_id="c", sequence=4)
    assert feed.ids(CALLS_ONLY, type=types) == [shown]


def test_events_that_are_left_out_move_the_position(feed: FeedHarness) -> None:
    recorded(feed)
    page = feed.read(CALLS_ONLY, limit=1)
    assert (page["data"], page["next_cursor"]) == ([], None)
    assert page["position"] == feed.read()["position"]


def test_events_that_are_left_out_do_not_end_a_wait(feed: FeedHarness) -> None:
    known = feed.read(CALLS_ONLY)
    feed.meanwhile = lambda: recorded(feed)
    assert feed.read(CALLS_ONLY, cursor=known["position"], wait=5)["data"] == []
    assert sum(feed.looks_s) == 5


def test_every_type_has_a_scope() -> None:
    assert readable_types(holder(Scope.ADMIN)) == frozenset(EventType)
    assert readable_types(holder()) == frozenset()
