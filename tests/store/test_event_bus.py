"""Events on the bus: each of them, with or without a webhook; one that was not taken comes again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_webhooks import WebhookHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.table import Table
from trunkline.webhooks.event_bus import EventBus, PublishFailed, detail_of
from trunkline.webhooks.events import Event, EventType

ENDED = Event("evt_1", EventType.CALL_FAILED, "tenant-1", True, NOW_MS, {"reason": "dial_busy"}, "c-1", 4)


class Bus:
    def __init__(self, *, refuses: bool = False) -> None:
        self.entries: list[dict[str, Any]] = []
        self.refuses = refuses

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.entries += Entries
        failed = [{"ErrorCode": "ThrottlingException"}] if self.refuses else [{"EventId": "1"}]
        return {"FailedEntryCount": int(self.refuses), "Entries": failed}


def test_an_event_says_whose_it_is_and_why() -> None:
    bus = Bus()
    EventBus(bus, "trunkline-prod").publish(ENDED)
    entry = bus.entries[0]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "trunkline-prod",
        "trunkline",
        "call.failed",
    )
    assert json.loads(entry["Detail"]) == {
        "id": "evt_1",
        "type": "call.failed",
        "created": NOW_MS // 1000,
        "tenant_id": "tenant-1",
        "livemode": True,
        "data": {"reason": "dial_busy"},
        "call_id": "c-1",
        "sequence": 4,
    }
    trunk = Event("evt_2", EventType.TRUNK_PAUSED, "tenant-1", True, NOW_MS, {"trunk_id": "t"})
    assert "call_id" not in detail_of(trunk)


def test_what_the_bus_does_not_take_is_an_error() -> None:
    with pytest.raises(PublishFailed, match="ThrottlingException"):
        EventBus(Bus(refuses=True), "b").publish(ENDED)


def test_events_without_a_webhook_are_published_too_and_steps_on_the_way_are_not(table: Table) -> None:
    webhooks = WebhookHarness(table)
    call = make_call()
    for sequence, kind in ((1, "queued"), (2, "connecting"), (3, "failed"), (4, "tool_invoked")):
        item = call_event_key(call.id, sequence).as_item() | {"type": kind, "sequence": sequence}
        item |= {"at_ms": NOW_MS, "tenant_id": "tenant-1", "livemode": True, "data_json": "{}"}
        assert webhooks.fanout.handle_item(item) == 0
    assert [event.type for event in webhooks.published] == [EventType.CALL_STARTED, EventType.CALL_FAILED]


def test_the_longest_event_fits_into_an_entry() -> None:
    """Agents' names and reasons are the longest texts that an event can have."""
    data = {"reason": "Ж" * 200, "agent": "😀" * 100}
    bus = Bus()
    EventBus(bus, "b").publish(replace(ENDED, data=data))
    assert len(bus.entries[0]["Detail"].encode()) < 256 * 1024
    assert "Ж" in bus.entries[0]["Detail"]
