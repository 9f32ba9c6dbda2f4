"""Slots for deliveries in flight: of an endpoint, and of a tenant."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
from botocore.exceptions import ClientError

from tests.store.fixtures_webhooks import DOWN, MINE, WebhookHarness, all_items
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from tests.support.memory_table import MemoryTable
from trunkline.storage.keys.item import Item
from trunkline.storage.keys.webhooks import webhook_slot_key
from trunkline.storage.writes import Delete, Write
from trunkline.webhooks.delivery_slots import DeliverySlots, Slot
from trunkline.webhooks.models import MAX_TENANT_DELIVERIES, Endpoint
from trunkline.webhooks.rate_limiter import EndpointRateLimiter


def test_slots_bound_what_is_on_its_way_and_cannot_leak(webhooks: WebhookHarness) -> None:
    endpoint = webhooks.endpoints.load("tenant-1", webhooks.webhook())
    assert endpoint is not None
    slots, now_ms = DeliverySlots(webhooks.table, lambda: 0.0, per_endpoint=2), webhooks.clock.wall_ms()
    first, second = ((webhook_slot_key(endpoint.id, number),) for number in range(2))
    taken = [slots.take_of_endpoint(endpoint, now_ms, half_open=False) for _ in range(3)]
    assert taken == [first, second, None]
    slots.release(first)
    assert slots.take_of_endpoint(endpoint, now_ms, half_open=False) == first
    assert slots.take_of_endpoint(endpoint, now_ms + 31_000, half_open=False) is not None, "a lease ends"


def _let_a_tenant_have(webhooks: WebhookHarness, per_tenant: int) -> None:
    webhooks.slots = replace(webhooks.slots, per_tenant=per_tenant)
    object.__setattr__(webhooks.worker, "slots", webhooks.slots)


def test_deliveries_that_wait_for_a_slot_ask_one_after_another(webhooks: WebhookHarness) -> None:
    """Whatever the backlog of a tenant, its questions take little of the function."""
    endpoint = webhooks.endpoints.load("tenant-1", webhooks.webhook())
    assert endpoint is not None
    now_ms = webhooks.clock.wall_ms()
    waits_s = [webhooks.slots.retry_in_s(endpoint, now_ms, 2.0) for _ in range(200)]
    assert waits_s == sorted(set(waits_s))
    assert waits_s[0] >= 2
    assert 199 / (waits_s[-1] - waits_s[0]) == pytest.approx(MAX_TENANT_DELIVERIES, rel=0.01)
    other = replace(endpoint, tenant_id="tenant-2")
    assert webhooks.slots.retry_in_s(other, now_ms, 2.0) < 2.5, "another tenant does not wait behind them"


def test_a_delivery_and_a_ping_wait_for_a_slot_of_their_tenant(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    endpoint = webhooks.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    _let_a_tenant_have(webhooks, 3)
    for _ in range(3):
        assert webhooks.slots.take_of_tenant(endpoint, webhooks.clock.wall_ms()).keys
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


def test_a_tenant_that_can_have_fewer_slots_asks_less_often(webhooks: WebhookHarness) -> None:
    """Its questions take the function, too: many tenants with slow endpoints would fill it by asking."""
    endpoint = webhooks.endpoints.load("tenant-1", webhooks.webhook())
    assert endpoint is not None
    now_ms = webhooks.clock.wall_ms()
    waits_s = [webhooks.slots.retry_in_s(endpoint, now_ms, 2.0, share=5) for _ in range(20)]
    assert 19 / (waits_s[-1] - waits_s[0]) == pytest.approx(5)


def test_a_delivery_without_a_slot_leaves_the_start_to_the_next(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(rate_limit_per_s=1)
    endpoint, now_ms = webhooks.endpoints.load("tenant-1", webhook), webhooks.clock.wall_ms()
    assert endpoint is not None
    _let_a_tenant_have(webhooks, 3)
    for _ in range(3):
        webhooks.slots.take_of_tenant(endpoint, now_ms)
    assert webhooks.worker.step(webhooks.told())["next"] == "wait"
    assert EndpointRateLimiter(webhooks.table).reserve(endpoint, now_ms).at_ms == now_ms


def test_a_delivery_that_waits_for_its_start_holds_no_slot(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(rate_limit_per_s=1)
    endpoint = webhooks.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    limiter = EndpointRateLimiter(webhooks.table)
    while not limiter.reserve(endpoint, webhooks.clock.wall_ms()).wait_s:
        pass
    assert webhooks.worker.step(webhooks.told())["next"] == "wait"
    assert not [pk for pk, item in all_items(webhooks.table) if item["sk"].startswith("SLOT#")]


def test_a_slot_that_is_not_given_back_does_not_undo_the_attempt(
    webhooks: WebhookHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The execution would repeat the step, with a version that the record has changed."""
    webhooks.webhook()
    webhooks.answer = lambda _: DOWN
    delivery_id = webhooks.told()
    refused: list[str] = []
    write = webhooks.table.write

    def refuse_deletes(request: Write) -> Item | None:
        if isinstance(request, Delete):
            refused.append(request.key.sk)
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "DeleteItem")
        return write(request)

    monkeypatch.setattr(webhooks.table, "write", refuse_deletes)
    step = webhooks.worker.step(delivery_id)
    assert len(refused) == 3, "of the endpoint, of all and of the tenant"
    assert (step["next"], step["version"]) == ("wait", webhooks.delivery(delivery_id).version)


@dataclass
class Tenants:
    """Tenants that ask for slots of one table; `held` has each tenant's, oldest first."""

    slots: DeliverySlots
    held: dict[str, list[Slot]]

    def ask(self, tenant_id: str) -> bool:
        endpoint = Endpoint("wh_1", tenant_id, True, "https://a.example.com", b"", 0, 0)
        slot = self.slots.take_of_tenant(endpoint, NOW_MS)
        if slot.keys:
            self.held.setdefault(tenant_id, []).append(slot.keys)
        return bool(slot.keys)

    def release(self, tenant_id: str) -> None:
        self.slots.release(self.held[tenant_id].pop(0))

    @property
    def in_use(self) -> int:
        return sum(map(len, self.held.values()))


def _tenants(seed: int, total: int, per_tenant: int) -> tuple[random.Random, Tenants]:
    chance = random.Random(seed)
    slots = DeliverySlots(MemoryTable(), chance.random, per_tenant=per_tenant, total=total)
    return chance, Tenants(slots, {})


@pytest.mark.parametrize(
    ("total", "per_tenant", "greedy"), [(4, 3, 1), (16, 4, 4), (200, 50, 4), (60, 15, 14)]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_beside_greedy_tenants_a_quiet_one_finds_a_slot_at_once(
    total: int, per_tenant: int, greedy: int, seed: int
) -> None:
    """Whatever the greedy ones take and release, one after another or in turns."""
    chance, tenants = _tenants(seed, total, per_tenant)
    names = [f"greedy-{number}" for number in range(greedy)]
    for step in range(2 * total):
        # At first each takes what it can, before the next one comes.
        name = names[step * greedy // total] if step < total else chance.choice(names)
        if not tenants.ask(name) and step >= total and chance.random() < 0.5:
            tenants.release(max(names, key=lambda each: len(tenants.held.get(each, ()))))
        assert tenants.ask("quiet"), f"at {step}, with {tenants.in_use} in use"
        assert tenants.in_use <= total
        tenants.release("quiet")


@pytest.mark.parametrize(("greedy", "at_least"), [(1, 15), (2, 13), (4, 7), (10, 2)])
def test_greedy_tenants_share_what_there_is(greedy: int, at_least: int) -> None:
    """The later ones get as much as the first, as soon as its requests end; one alone gets its limit."""
    chance, tenants = _tenants(1, 60, 15)
    names = [f"greedy-{number}" for number in range(greedy)]
    for name in names:
        for _ in range(20):
            tenants.ask(name)
    for _ in range(300):
        holder, asking = chance.choice(list(tenants.held)), chance.sample(names, min(4, greedy))
        if tenants.held[holder]:
            tenants.release(holder)
        for name in asking:
            tenants.ask(name)
    assert min(len(tenants.held[name]) for name in names) >= at_least
    assert tenants.in_use <= 45 + greedy


@pytest.mark.parametrize("seed", [1, 2])
def test_no_more_than_all_slots_are_in_use(seed: int) -> None:
    _, tenants = _tenants(seed, 16, 4)
    assert sum(tenants.ask(f"tenant-{number % 40}") for number in range(400)) == 16
