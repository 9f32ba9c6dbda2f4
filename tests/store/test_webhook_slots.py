"""Slots for deliveries in flight: of an endpoint, and of a tenant."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.store.fixtures_webhooks import MINE, WebhookHarness
from tests.support.builders import make_call
from trunkline.storage.keys.webhooks import webhook_slot_key
from trunkline.webhooks.delivery_slots import DeliverySlots
from trunkline.webhooks.models import MAX_TENANT_DELIVERIES
from trunkline.webhooks.repository import MAX_ENDPOINTS


def test_slots_bound_what_is_on_its_way_and_cannot_leak(webhooks: WebhookHarness) -> None:
    endpoint = webhooks.endpoints.load("tenant-1", webhooks.webhook())
    assert endpoint is not None
    slots, now_ms = DeliverySlots(webhooks.table, lambda: 0.0, per_endpoint=2), webhooks.clock.wall_ms()
    taken = [slots.take_of_endpoint(endpoint, now_ms, half_open=False) for _ in range(3)]
    assert taken == [webhook_slot_key(endpoint.id, 0), webhook_slot_key(endpoint.id, 1), None]
    slots.release(webhook_slot_key(endpoint.id, 0))
    assert slots.take_of_endpoint(endpoint, now_ms, half_open=False) == webhook_slot_key(endpoint.id, 0)
    assert slots.take_of_endpoint(endpoint, now_ms + 31_000, half_open=False) is not None, "a lease ends"


def test_a_tenant_with_slow_endpoints_takes_its_share_and_no_more(webhooks: WebhookHarness) -> None:
    """Twenty slow endpoints would take every request that the function can make at once."""
    ids = [webhooks.webhook() for _ in range(MAX_ENDPOINTS)]
    in_flight: list[str] = []
    webhooks.slots = replace(webhooks.slots, jitter=random.Random(1).random)
    endpoints = [webhooks.endpoints.load("tenant-1", endpoint_id) for endpoint_id in ids]
    now_ms = webhooks.clock.wall_ms()
    for endpoint in (endpoints * 30)[:500]:
        assert endpoint is not None
        slot = webhooks.slots.take_of_tenant(endpoint, now_ms)
        in_flight += [endpoint.id] if slot else []
    assert MAX_TENANT_DELIVERIES * 0.9 <= len(in_flight) <= MAX_TENANT_DELIVERIES
    assert endpoints[0] is not None
    other = replace(endpoints[0], tenant_id="tenant-2")
    assert webhooks.slots.take_of_tenant(other, now_ms) is not None


def test_deliveries_that_wait_for_a_slot_ask_one_after_another(webhooks: WebhookHarness) -> None:
    """Whatever the backlog of a tenant, its questions take little of the function."""
    endpoint = webhooks.endpoints.load("tenant-1", webhooks.webhook())
    assert endpoint is not None
    now_ms = webhooks.clock.wall_ms()
    waits_s = [webhooks.slots.retry_in_s(endpoint, now_ms, 2.0) for _ in range(1000)]
    assert waits_s == sorted(set(waits_s))
    assert waits_s[0] >= 2
    assert 999 / (waits_s[-1] - waits_s[0]) == pytest.approx(MAX_TENANT_DELIVERIES, rel=0.01)
    other = replace(endpoint, tenant_id="tenant-2")
    assert webhooks.slots.retry_in_s(other, now_ms, 2.0) < 2.5, "another tenant does not wait behind them"


def test_a_delivery_and_a_ping_wait_for_a_slot_of_their_tenant(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    endpoint = webhooks.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    for _ in range(3):
        webhooks.slots.take_of_tenant(endpoint, webhooks.clock.wall_ms())
    delivery_id = webhooks.told()
    ping_id = webhooks.deliveries_service.ping(MINE, webhook)["id"]
    assert [webhooks.worker.step(each)["next"] for each in (delivery_id, ping_id)] == ["wait", "wait"]
    assert webhooks.sent == []
    webhooks.clock.move_s(31)
    assert [webhooks.worker.step(each)["next"] for each in (delivery_id, ping_id)] == ["done", "done"]


def test_a_full_endpoint_makes_its_own_deliveries_wait_and_no_others(webhooks: WebhookHarness) -> None:
    full = webhooks.webhook()
    webhooks.webhook()
    endpoint = webhooks.endpoints.load("tenant-1", full)
    assert endpoint is not None
    for _ in range(3):
        webhooks.slots.take_of_endpoint(endpoint, webhooks.clock.wall_ms(), half_open=False)
    webhooks.calls.create(make_call())
    assert webhooks.tell(make_call().id) == 2
    steps = {
        webhooks.delivery(delivery_id).endpoint_id == full: webhooks.worker.step(delivery_id)
        for delivery_id in webhooks.started()
    }
    assert (steps[True]["next"], steps[False]["next"]) == ("wait", "done")
    assert len(webhooks.sent) == 1
