"""A feed that cannot be written holds up no webhook, and no other tenant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.store.fixtures_events import READER, FeedHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.memory_table import MemoryTable
from trunkline.auth.principal import Principal
from trunkline.calls.models import Call
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.keys.item import PK
from trunkline.storage.keys.webhooks import feed_clock_key
from trunkline.storage.table import Update
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.webhooks.events import call_event_id
from trunkline.webhooks.feed_writer import FeedUnavailable

pytestmark = pytest.mark.memory_table
OTHER = replace(READER, tenant_id="tenant-2")


def refusal(code: str, status: int = 400) -> ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "UpdateItem")


THROTTLED = refusal("ProvisionedThroughputExceededException")


class BrokenFeed:
    """The numbers of a tenant's feed cannot be taken while there is a failure."""

    def __init__(self, feed: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failure: Exception | None = THROTTLED
        self.tries = 0
        write = feed.table.write

        def fail(each: Any) -> Any:
            if self.failure and isinstance(each, Update) and each.key == feed_clock_key(READER.tenant_mode):
                self.tries += 1
                raise self.failure
            return write(each)

        monkeypatch.setattr(feed.table, "write", fail)


@pytest.fixture
def broken(feed: FeedHarness, monkeypatch: pytest.MonkeyPatch) -> BrokenFeed:
    feed.webhooks.webhook()
    return BrokenFeed(feed, monkeypatch)


def accepted(feed: FeedHarness, number: int, **changes: Any) -> Call:
    call = make_call(number, **changes)
    feed.calls.create(call)
    return call


@pytest.mark.parametrize(
    "failure", [THROTTLED, refusal("InternalServerError", 500), EndpointConnectionError(endpoint_url="x")]
)
def test_webhooks_go_out_though_the_feed_is_throttled(
    feed: FeedHarness, broken: BrokenFeed, failure: Exception
) -> None:
    broken.failure, call = failure, accepted(feed, 1)
    for _ in range(2):
        with pytest.raises(FeedUnavailable):
            feed.webhooks.tell(call.id)
        assert len(feed.webhooks.started()) == 1, "a repeat starts nothing twice"
    broken.failure = None
    feed.webhooks.tell(call.id)
    assert feed.ids() == [call_event_id(call.id, 1)]
    assert len(feed.webhooks.started()) == len(feed.webhooks.published) == 1


@pytest.mark.parametrize("code", ["ValidationException", "ItemCollectionSizeLimitExceededException"])
def test_an_entry_that_dynamodb_refuses_is_stepped_over(
    feed: FeedHarness, broken: BrokenFeed, code: str
) -> None:
    broken.failure, call = refusal(code), accepted(feed, 1)
    assert feed.webhooks.tell(call.id) == 1
    assert (feed.ids(), len(feed.webhooks.published)) == ([], 1)


@pytest.mark.parametrize("other", [OTHER, replace(READER, livemode=False)], ids=["tenant", "mode"])
def test_a_throttled_feed_is_tried_once_in_a_batch_and_others_are_written(
    feed: FeedHarness, broken: BrokenFeed, other: Principal
) -> None:
    mine = [accepted(feed, number) for number in (1, 2)]
    theirs = accepted(feed, 3, tenant_id=other.tenant_id, livemode=other.livemode)
    told = [feed.table.get(call_event_key(call.id, 1)) or {} for call in (*mine, theirs)]
    feed.webhooks.fanout.begin_batch()
    for item in told[:2]:
        with pytest.raises(FeedUnavailable):
            feed.webhooks.fanout.handle_item(item)
    feed.webhooks.fanout.handle_item(told[2])
    assert (broken.tries, len(feed.webhooks.started())) == (1, 2)
    assert feed.ids(other) == [call_event_id(theirs.id, 1)]
    broken.failure = None
    for call in mine:
        feed.webhooks.tell(call.id)
    assert feed.ids() == [call_event_id(call.id, 1) for call in mine]


def test_an_event_of_several_tenants_is_in_the_feeds_of_the_others(
    feed: FeedHarness, broken: BrokenFeed
) -> None:
    trunks = TrunkRepository(feed.table)
    trunks.create(TRUNK)
    for tenant_id in (READER.tenant_id, OTHER.tenant_id):
        trunks.grant(TRUNK.id, tenant_id)
    trunks.set(TRUNK.id, {"paused": True}, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    assert isinstance(feed.table, MemoryTable)
    (log,) = (item for item in feed.table.items.values() if item[PK].startswith("TRUNKLOG#"))
    with pytest.raises(FeedUnavailable):
        feed.webhooks.take(log)
    assert len(feed.webhooks.started()) == 1
    assert [event["type"] for event in feed.read(OTHER)["data"]] == ["trunk.paused"]
    assert feed.ids() == []
