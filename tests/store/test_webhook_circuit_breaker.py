"""Endpoints that fail, rest, are given up, and get what they missed; slots and rates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.fixtures_webhooks import DOWN, LATER, MINE, OK, WebhookHarness, all_items
from tests.support.builders import make_call
from trunkline.core.errors import NotFound, WebhookDisabled
from trunkline.core.validation import validated
from trunkline.egress.messages import Response
from trunkline.storage.keys.calls import call_event_key
from trunkline.webhooks.circuit_breaker import DISABLE_AFTER_S, ENDPOINT_BREAKER
from trunkline.webhooks.delivery_worker import MAX_DELIVERY_AGE_MS
from trunkline.webhooks.schemas import Recovery


def test_410_disables_and_tells_the_others(webhooks: WebhookHarness) -> None:
    gone, other = webhooks.webhook(), webhooks.webhook(filter={"events": ["webhook.*"]})
    webhooks.answer = lambda _: Response(410, {}, b"", 3)
    webhooks.calls.create(make_call())
    webhooks.tell(make_call().id)
    webhooks.run(webhooks.started()[0])
    shown = webhooks.service.get(MINE, gone)
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "the endpoint answered 410 Gone")
    assert len(webhooks.topic.sent) == 1
    item = next(item for key, item in all_items(webhooks.table) if key.startswith("TENANTLOG#"))
    webhooks.answer = lambda _: OK
    assert webhooks.take(item) == 1
    webhooks.run(webhooks.started()[-1])
    event = webhooks.body()["event"]
    assert (event["type"], event["data"]["webhook_id"]) == ("webhook.disabled", gone)
    assert webhooks.body()["delivery_id"].startswith("dlv_" + other.removeprefix("wh_"))


def test_an_open_circuit_spends_no_attempt_and_one_at_a_time_finds_out(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(max_attempts=3)
    webhooks.answer = lambda _: LATER
    ids = [webhooks.told(make_call(number)) for number in range(1, ENDPOINT_BREAKER.opens_after + 3)]
    for delivery_id in ids[: ENDPOINT_BREAKER.opens_after]:
        webhooks.worker.step(delivery_id)
    assert len(webhooks.sent) == ENDPOINT_BREAKER.opens_after
    waiting = webhooks.worker.step(ids[-1])
    assert (waiting["next"], webhooks.delivery(ids[-1]).attempts) == ("wait", ())
    assert 30 <= waiting["wait_s"] <= 45
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "resting"
    webhooks.clock.move_s(31)
    endpoint = webhooks.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    webhooks.rate_limiter.acquire(endpoint, webhooks.clock.wall_ms(), half_open=True)
    assert webhooks.worker.step(ids[-1])["next"] == "wait"
    assert len(webhooks.sent) == ENDPOINT_BREAKER.opens_after, "another one is finding out"
    webhooks.clock.move_s(31)
    webhooks.answer = lambda _: OK
    webhooks.worker.step(ids[-1])
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "healthy"
    assert webhooks.worker.step(ids[-2])["next"] == "done"


def test_what_fails_for_days_is_disabled_and_what_waits_for_it_can_be_recovered(
    webhooks: WebhookHarness,
) -> None:
    webhook = webhooks.webhook(max_attempts=10)
    webhooks.answer = lambda _: DOWN
    ids = [webhooks.told(make_call(number)) for number in range(1, 4)]
    for _ in range(7):
        webhooks.worker.step(ids[0])
        webhooks.clock.move_s(DISABLE_AFTER_S / 10)
    for _ in range(4):
        webhooks.worker.step(ids[1])
        webhooks.clock.move_s(DISABLE_AFTER_S / 10)
    assert webhooks.service.get(MINE, webhook)["disabled_reason"] == "it failed for five days"
    assert webhooks.worker.step(ids[2])["next"] == "done"
    assert webhooks.delivery(ids[2]).failure == "endpoint_disabled"
    assert webhooks.take({**_started(webhooks, 1)}) == 0
    recovery = validated(Recovery, {"since": "2023-11-14T00:00:00Z"})
    with pytest.raises(WebhookDisabled):
        webhooks.deliveries_service.recover(MINE, webhook, recovery)
    webhooks.service.change(MINE, webhook, {"enabled": True})
    webhooks.answer = lambda _: OK
    assert webhooks.deliveries_service.recover(MINE, webhook, recovery) == {"recovered": 1, "more": False}
    assert webhooks.deliveries_service.recover(MINE, webhook, recovery) == {"recovered": 0, "more": False}
    again = webhooks.delivery(webhooks.delivery(ids[2]).redelivered_as or "")
    webhooks.run(again.id)
    assert (again.redelivery_of, webhooks.body()["event"]["id"]) == (
        ids[2],
        webhooks.delivery(ids[2]).event_id,
    )


def _started(webhooks: WebhookHarness, number: int) -> dict[str, Any]:
    item = webhooks.table.get(call_event_key(make_call(number).id, 1))
    assert item is not None
    return item


def test_a_delivery_of_a_webhook_that_is_gone_is_given_up(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    delivery_id = webhooks.told()
    webhooks.service.delete(MINE, webhook)
    assert webhooks.run(delivery_id) == []
    assert (webhooks.sent, webhooks.delivery(delivery_id).failure) == ([], "endpoint_deleted")
    with pytest.raises(NotFound):
        webhooks.deliveries_service.get(MINE, delivery_id)


def test_what_waited_too_long_for_a_circuit_is_given_up(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told()
    webhooks.clock.move_s(MAX_DELIVERY_AGE_MS / 1000 + 1)
    webhooks.run(delivery_id)
    assert (webhooks.sent, webhooks.delivery(delivery_id).failure) == ([], "expired")


def test_slots_bound_what_is_on_its_way_and_cannot_leak(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(rate_limit_per_s=2)
    endpoint = webhooks.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    now_ms = webhooks.clock.wall_ms()
    taken = [webhooks.rate_limiter.acquire(endpoint, now_ms, half_open=False) for _ in range(3)]
    assert taken == [0, 1, None]
    webhooks.rate_limiter.release(endpoint, 0, now_ms)
    assert webhooks.rate_limiter.acquire(endpoint, now_ms + 500, half_open=False) is None, (
        "a second has not passed"
    )
    assert webhooks.rate_limiter.acquire(endpoint, now_ms + 1000, half_open=False) == 0
    assert webhooks.rate_limiter.acquire(endpoint, now_ms + 31_000, half_open=False) is not None, (
        "a lease ends"
    )


def test_a_full_endpoint_makes_its_own_deliveries_wait_and_no_others(webhooks: WebhookHarness) -> None:
    full = webhooks.webhook(rate_limit_per_s=1)
    webhooks.webhook()
    endpoint = webhooks.endpoints.load("tenant-1", full)
    assert endpoint is not None
    webhooks.rate_limiter.acquire(endpoint, webhooks.clock.wall_ms(), half_open=False)
    webhooks.calls.create(make_call())
    assert webhooks.tell(make_call().id) == 2
    steps = {
        webhooks.delivery(delivery_id).endpoint_id == full: webhooks.worker.step(delivery_id)
        for delivery_id in webhooks.started()
    }
    assert (steps[True]["next"], steps[False]["next"]) == ("wait", "done")
    assert len(webhooks.sent) == 1
