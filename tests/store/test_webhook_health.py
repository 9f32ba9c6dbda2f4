"""Endpoints that fail, rest, are given up, and get what they missed; slots and rates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_call
from tests.store.webhook_world import DOWN, LATER, MINE, OK, World, all_items
from trunkline.core.errors import NotFound, WebhookDisabled
from trunkline.core.validation import validated
from trunkline.egress.messages import Response
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.table import Table
from trunkline.webhooks.circuit_breaker import DISABLE_AFTER_S, ENDPOINT_OPENS_AFTER
from trunkline.webhooks.delivery_worker import MAX_AGE_MS
from trunkline.webhooks.schemas import Recovery


@pytest.fixture
def world(table: Table) -> World:
    return World(table)


def test_410_disables_and_tells_the_others(world: World) -> None:
    gone, other = world.webhook(), world.webhook(filter={"events": ["webhook.*"]})
    world.answer = lambda _: Response(410, {}, b"", 3)
    world.calls.accept(a_call())
    world.tell(a_call().id)
    world.run(world.started()[0])
    shown = world.desk.get(MINE, gone)
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "the endpoint answered 410 Gone")
    assert len(world.topic.sent) == 1
    item = next(each for key, each in all_items(world.table) if key.startswith("TENANTLOG#"))
    world.answer = lambda _: OK
    assert world.take(item) == 1
    world.run(world.started()[-1])
    event = world.body()["event"]
    assert (event["type"], event["data"]["webhook_id"]) == ("webhook.disabled", gone)
    assert world.body()["delivery_id"].startswith("dlv_" + other.removeprefix("wh_"))


def test_an_open_circuit_spends_no_attempt_and_one_at_a_time_finds_out(world: World) -> None:
    webhook = world.webhook(max_attempts=3)
    world.answer = lambda _: LATER
    ids = [world.told(a_call(number)) for number in range(1, ENDPOINT_OPENS_AFTER + 3)]
    for delivery_id in ids[:ENDPOINT_OPENS_AFTER]:
        world.courier.step(delivery_id)
    assert len(world.sent) == ENDPOINT_OPENS_AFTER
    waiting = world.courier.step(ids[-1])
    assert (waiting["next"], world.delivery(ids[-1]).attempts) == ("wait", ())
    assert 30 <= waiting["wait_s"] <= 45
    assert world.desk.get(MINE, webhook)["health"]["state"] == "resting"
    world.clock.move_s(31)
    world.gate.take(world.endpoints.load("tenant-1", webhook), world.clock.wall_ms(), probing=True)  # type: ignore[arg-type]
    assert world.courier.step(ids[-1])["next"] == "wait"
    assert len(world.sent) == ENDPOINT_OPENS_AFTER, "another one is finding out"
    world.clock.move_s(31)
    world.answer = lambda _: OK
    world.courier.step(ids[-1])
    assert world.desk.get(MINE, webhook)["health"]["state"] == "healthy"
    assert world.courier.step(ids[-2])["next"] == "done"


def test_what_fails_for_days_is_disabled_and_what_waits_for_it_can_be_recovered(world: World) -> None:
    webhook = world.webhook(max_attempts=10)
    world.answer = lambda _: DOWN
    ids = [world.told(a_call(number)) for number in range(1, 4)]
    for _ in range(7):
        world.courier.step(ids[0])
        world.clock.move_s(DISABLE_AFTER_S / 10)
    for _ in range(4):
        world.courier.step(ids[1])
        world.clock.move_s(DISABLE_AFTER_S / 10)
    assert world.desk.get(MINE, webhook)["disabled_reason"] == "it failed for five days"
    assert world.courier.step(ids[2])["next"] == "done"
    assert world.delivery(ids[2]).failure == "endpoint_disabled"
    assert world.take({**_started(world, 1)}) == 0
    recovery = validated(Recovery, {"since": "2023-11-14T00:00:00Z"})
    with pytest.raises(WebhookDisabled):
        world.log_desk.recover(MINE, webhook, recovery)
    world.desk.change(MINE, webhook, {"enabled": True})
    world.answer = lambda _: OK
    assert world.log_desk.recover(MINE, webhook, recovery) == {"recovered": 1, "more": False}
    assert world.log_desk.recover(MINE, webhook, recovery) == {"recovered": 0, "more": False}
    again = world.delivery(world.delivery(ids[2]).redelivered_as or "")
    world.run(again.id)
    assert (again.redelivery_of, world.body()["event"]["id"]) == (ids[2], world.delivery(ids[2]).event_id)


def _started(world: World, number: int) -> dict[str, Any]:
    item = world.table.get(call_event_key(a_call(number).id, 1))
    assert item is not None
    return item


def test_a_delivery_of_a_webhook_that_is_gone_is_given_up(world: World) -> None:
    webhook = world.webhook()
    delivery_id = world.told()
    world.desk.delete(MINE, webhook)
    assert world.run(delivery_id) == []
    assert (world.sent, world.delivery(delivery_id).failure) == ([], "endpoint_deleted")
    with pytest.raises(NotFound):
        world.log_desk.get(MINE, delivery_id)


def test_what_waited_too_long_for_a_circuit_is_given_up(world: World) -> None:
    world.webhook()
    delivery_id = world.told()
    world.clock.move_s(MAX_AGE_MS / 1000 + 1)
    world.run(delivery_id)
    assert (world.sent, world.delivery(delivery_id).failure) == ([], "expired")


def test_slots_bound_what_is_on_its_way_and_cannot_leak(world: World) -> None:
    webhook = world.webhook(rate_limit_per_s=2)
    endpoint = world.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    now_ms = world.clock.wall_ms()
    taken = [world.gate.take(endpoint, now_ms, probing=False) for _ in range(3)]
    assert taken == [0, 1, None]
    world.gate.free(endpoint, 0, now_ms)
    assert world.gate.take(endpoint, now_ms + 500, probing=False) is None, "a second has not passed"
    assert world.gate.take(endpoint, now_ms + 1000, probing=False) == 0
    assert world.gate.take(endpoint, now_ms + 31_000, probing=False) is not None, "a lease ends"


def test_a_full_endpoint_makes_its_own_deliveries_wait_and_no_others(world: World) -> None:
    full = world.webhook(rate_limit_per_s=1)
    world.webhook()
    endpoint = world.endpoints.load("tenant-1", full)
    assert endpoint is not None
    world.gate.take(endpoint, world.clock.wall_ms(), probing=False)
    world.calls.accept(a_call())
    assert world.tell(a_call().id) == 2
    steps = {world.delivery(each).endpoint_id == full: world.courier.step(each) for each in world.started()}
    assert (steps[True]["next"], steps[False]["next"]) == ("wait", "done")
    assert len(world.sent) == 1
