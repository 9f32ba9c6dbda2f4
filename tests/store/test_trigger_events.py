"""Events of triggers in a table: how many are accepted in a minute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from tests.support.clocks import ManualClock
from tests.support.stubs import PlaintextCipher
from tests.support.triggers import TRIGGER
from trunkline.core.errors import RateLimited
from trunkline.http_api.error_mapping import error_response
from trunkline.storage.encryption import context_for_trigger
from trunkline.storage.keys.tenants import tenant_key
from trunkline.storage.table import Put, Table
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.triggers.event_handler import EventSource, TriggerEventHandler
from trunkline.triggers.models import Trigger
from trunkline.triggers.rate_limiter import TENANT_FACTOR, EventRateLimiter
from trunkline.triggers.repository import TriggerRepository

LIMIT = 5
SIGNED = {"authorization": "Bearer s3cret"}
SOURCE = EventSource("192.0.2.1", "req-1")


class Events:
    """A tenant with a limit of five events a minute for each trigger; `when` ignores them all."""

    def __init__(self, table: Table) -> None:
        self.clock, self.triggers = ManualClock(), TriggerRepository(table)
        cipher: Any = PlaintextCipher()
        self.cipher = cipher
        table.write(Put(tenant_key(TRIGGER.tenant_id).as_item() | {"requests_per_minute": LIMIT}))
        count = EventRateLimiter(table, TenantSettingsCache(table, self.clock), self.clock).count
        no_call: Any = None
        self.handler = TriggerEventHandler(
            self.triggers, cipher, no_call, lambda _: {"id": "e"}, count, self.clock, Logger("test")
        )

    def trigger(self, number: int, **more: Any) -> Trigger:
        trigger = replace(TRIGGER, id=f"trg_{number}", when="wanted", **more)
        secret = self.cipher.encrypt(context_for_trigger(trigger.tenant_id, trigger.id), {"secret": "s3cret"})
        return self.triggers.create(replace(trigger, secret=secret))

    def send(self, trigger: Trigger, headers: dict[str, str] = SIGNED) -> str:
        return self.handler.handle(trigger.id, headers, b"{}", SOURCE)["outcome"]


@pytest.fixture
def events(table: Table) -> Events:
    return Events(table)


def test_a_trigger_accepts_so_many_events_a_minute_and_says_when_to_go_on(events: Events) -> None:
    trigger = events.trigger(1)
    assert [events.send(trigger) for _ in range(LIMIT)] == ["ignored"] * LIMIT
    with pytest.raises(RateLimited) as refused:
        events.send(trigger)
    response = error_response(refused.value, "req-1")
    assert (response.status, response.body["error"]["type"]) == (429, "rate_limited")
    wait_s = int(response.headers["Retry-After"])
    assert 1 <= wait_s <= 60
    assert len(events.triggers.received(trigger.id, 100)) == LIMIT, "a flood is not recorded"
    events.clock.move_s(wait_s)
    assert events.send(trigger) == "ignored"


def test_a_tenants_triggers_share_a_limit_and_leave_another_tenant_alone(events: Events) -> None:
    accepted = [events.send(events.trigger(number)) for number in range(LIMIT * TENANT_FACTOR)]
    assert len(accepted) == LIMIT * TENANT_FACTOR
    with pytest.raises(RateLimited):
        events.send(events.trigger(98))
    assert events.send(events.trigger(99, tenant_id="tenant-2")) == "ignored"


def test_events_that_are_not_proven_use_up_nothing(events: Events) -> None:
    trigger = events.trigger(1)
    for _ in range(LIMIT + 1):
        with pytest.raises(Exception, match="signature"):
            events.send(trigger, {"authorization": "Bearer wrong"})
    assert events.send(trigger) == "ignored"


def test_an_event_of_the_bus_over_the_limit_stays_in_its_queue(events: Events) -> None:
    trigger = events.trigger(1)
    for _ in range(LIMIT):
        assert events.handler.handle_from_bus(trigger.id, {"id": "e"}, SOURCE) is not None
    with pytest.raises(RateLimited):
        events.handler.handle_from_bus(trigger.id, {"id": "e"}, SOURCE)
