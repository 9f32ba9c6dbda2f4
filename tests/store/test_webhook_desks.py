"""Webhooks and their log on a tenant's behalf."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS, TRUNK, a_call
from tests.store.webhook_world import DOWN, MINE, OK, URL, World, all_items
from trunkline.core.errors import (
    DeliveryPending,
    InvalidRequest,
    LimitReached,
    NotFound,
    VersionConflict,
)
from trunkline.core.validation import validated
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.keys.dialing import trunk_event_key
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.webhooks.circuit_breaker import ENDPOINT_OPENS_AFTER
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.repository import MAX_ENDPOINTS
from trunkline.webhooks.schemas import DeliveryQuery, Rotation, WebhookSpec


@pytest.fixture
def world(table: Table) -> World:
    return World(table)


def test_rotation_overlaps_and_its_end_can_be_brought_forward(world: World) -> None:
    webhook = world.webhook()
    world.run(world.told(a_call(1)))
    rotated = world.desk.rotate(MINE, webhook, Rotation(overlap_seconds=3600))
    assert rotated["previous_secret_until"] is not None
    assert "secret" not in world.desk.get(MINE, webhook)
    world.run(world.told(a_call(2)))
    assert world.sent[1].headers["webhook-signature"].count("v1,") == 2
    world.clock.move_s(3601)
    world.run(world.told(a_call(3)))
    assert world.sent[2].headers["webhook-signature"].count("v1,") == 1
    world.desk.rotate(MINE, webhook, Rotation())
    assert world.desk.end_overlap(MINE, webhook)["previous_secret_until"] is None
    world.run(world.told(a_call(4)))
    assert world.sent[3].headers["webhook-signature"].count("v1,") == 1


def test_changes_keep_the_rest(world: World) -> None:
    webhook = world.webhook(headers={"X-Token": "hunter22"}, filter={"events": ["call.*"]})
    shown = world.desk.change(MINE, webhook, {"filter": {"include_metrics": True}, "description": "x"})
    assert shown["filter"] == {"events": ["call.*"], "include_transcript": False, "include_metrics": True}
    assert shown["headers"] == {"X-Token": "[hidden]"}
    world.run(world.told())
    assert world.sent[0].headers["X-Token"] == "hunter22"
    assert world.desk.change(MINE, webhook, {"headers": {}})["headers"] == {}
    stale = world.endpoints.load("tenant-1", webhook)
    assert stale is not None
    world.desk.change(MINE, webhook, {"description": "y"})
    with pytest.raises(VersionConflict):
        world.endpoints.save(stale)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""},
        {"url": 5},
        {"url": URL, "x": 1},
        {"url": URL, "filter": {"events": ["call.exploded"]}},
        {"url": URL, "filter": {"events": "call.failed"}},
        {"url": URL, "max_attempts": 0},
        {"url": URL, "max_attempts": 11},
        {"url": URL, "max_attempts": True},
        {"url": URL, "headers": {"Host": "x"}},
        {"url": URL, "headers": {"webhook-id": "x"}},
        {"url": URL, "headers": {"X-A": "b\r\nX-C: d"}},
        {"url": URL, "headers": {"X A": "b"}},
        {"url": URL, "headers": {f"X-{n}": "b" for n in range(21)}},
        {"url": URL, "rate_limit_per_s": 15},
        {"url": URL, "rate_limit_per_s": 0},
    ],
)
def test_bad_input_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        validated(WebhookSpec, wrong)


def test_a_tenant_may_have_so_many_and_no_more(world: World) -> None:
    ids = [world.webhook() for _ in range(MAX_ENDPOINTS)]
    with pytest.raises(LimitReached):
        world.webhook()
    world.desk.delete(MINE, ids[0])
    world.webhook()


def test_another_tenant_and_the_other_mode_find_nothing(world: World) -> None:
    webhook = world.webhook()
    delivery_id = world.told()
    world.run(delivery_id)
    for other in (replace(MINE, tenant_id="tenant-2"), replace(MINE, livemode=False)):
        for ask in (
            lambda who: world.desk.get(who, webhook),
            lambda who: world.desk.change(who, webhook, {}),
            lambda who: world.desk.delete(who, webhook),
            lambda who: world.desk.rotate(who, webhook, Rotation()),
            lambda who: world.log_desk.page(who, webhook, DeliveryQuery()),
            lambda who: world.log_desk.get(who, delivery_id),
            lambda who: world.log_desk.redeliver(who, delivery_id),
            lambda who: world.log_desk.ping(who, webhook),
        ):
            with pytest.raises(NotFound):
                ask(other)
        assert world.desk.list(other)["data"] == []
    assert world.tell(a_call().id) == 1


def test_test_calls_tell_test_webhooks_alone(world: World) -> None:
    world.webhook()
    call = a_call(livemode=False)
    world.calls.accept(call)
    assert world.tell(call.id) == 0


def test_a_trunks_events_go_to_each_tenant_that_has_it(world: World) -> None:
    trunks = TrunkRepository(world.table)
    trunks.create(TRUNK)
    trunks.grant(TRUNK.id, "tenant-1")
    trunks.grant(TRUNK.id, "tenant-2")
    world.webhook(filter={"events": ["trunk.*"]})
    trunks.set(TRUNK.id, {"paused": True}, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    item = world.table.partition(trunk_event_key(TRUNK.id))[0]
    assert world.take(item) == 1
    world.run(world.started()[0])
    event = world.body()["event"]
    assert (event["type"], event["tenant_id"]) == ("trunk.paused", "tenant-1")
    assert event["data"] == {"trunk_id": TRUNK.id, "reason": "paused_by_request"}
    assert event["id"].startswith("evt_")


def test_the_log_by_pages_and_filters(world: World) -> None:
    webhook = world.webhook()
    ids = []
    for number in range(1, 8):
        call = a_call(number)
        world.calls.accept(call)
        event = world.table.get(call_event_key(call.id, 1))
        assert event is not None
        world.take(event | {"at_ms": NOW_MS + number})
        ids.append(world.started()[-1])
        world.run(ids[-1])
    seen: list[str] = []
    cursor = None
    while True:
        page = world.log_desk.page(MINE, webhook, DeliveryQuery(limit=3, cursor=cursor))
        seen += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert world.log_desk.page(MINE, webhook, DeliveryQuery(state=DeliveryState.FAILED))["data"] == []
    of_call = world.log_desk.page(MINE, webhook, DeliveryQuery(call_id=a_call(3).id))["data"]
    assert [each["id"] for each in of_call] == [ids[2]]
    with pytest.raises(InvalidRequest):
        world.log_desk.page(MINE, webhook, DeliveryQuery(cursor="SEVBTFRI"))


def test_redelivery_is_a_new_delivery_of_the_same_event(world: World) -> None:
    world.webhook()
    delivery_id = world.told()
    with pytest.raises(DeliveryPending):
        world.log_desk.redeliver(MINE, delivery_id)
    world.run(delivery_id)
    again = world.log_desk.redeliver(MINE, delivery_id)
    world.run(again["id"])
    first, second = (json.loads(request.body) for request in world.sent)
    assert first["event"] == second["event"]
    assert first["delivery_id"] != second["delivery_id"]
    assert again["redelivery_of"] == delivery_id


def test_a_ping_goes_to_a_disabled_webhook_once(world: World) -> None:
    webhook = world.webhook(enabled=False)
    world.answer = lambda _: DOWN
    ping = world.log_desk.ping(MINE, webhook)
    assert world.run(ping["id"]) == []
    assert world.body()["event"]["type"] == "webhook.ping"
    assert len(world.sent) == 1


def test_a_ping_takes_no_turn_and_wakes_a_resting_webhook(world: World) -> None:
    webhook = world.webhook()
    world.answer = lambda _: DOWN
    for number in range(1, ENDPOINT_OPENS_AFTER + 1):
        world.courier.step(world.told(a_call(number)))
    assert world.desk.get(MINE, webhook)["health"]["state"] == "resting"
    world.answer = lambda _: OK
    assert world.run(world.log_desk.ping(MINE, webhook)["id"]) == []
    assert world.desk.get(MINE, webhook)["health"]["state"] == "healthy"


def test_the_reconciler_starts_what_was_lost_and_nothing_else(world: World) -> None:
    world.webhook()
    lost = world.told()
    done = world.told(a_call(2))
    world.run(done)
    repairs: Counter[str] = Counter()
    world.care.walk(repairs)
    assert not repairs
    world.clock.move_s(16 * 60)
    world.care.walk(repairs)
    assert repairs == {"delivery_restarted": 1}
    assert world.flow.names[-1].startswith(lost)
    world.care.walk(repairs)
    assert repairs == {"delivery_restarted": 1}
    world.run(lost)
    assert world.delivery(lost).state is DeliveryState.SUCCEEDED


def test_secrets_are_nowhere_in_the_clear_but_in_their_ciphertext(world: World) -> None:
    made = world.desk.create(MINE, validated(WebhookSpec, {"url": URL, "headers": {"X-Token": "hunter22"}}))
    world.run(world.told())
    for key, item in all_items(world.table):
        for name, value in item.items():
            if name not in ("secret", "headers", "previous_secret"):
                assert made["secret"] not in str(value), (key, name)
                assert "hunter22" not in str(value), (key, name)
