"""The deliveries of one call to all webhooks: found by their keys, redeliveries included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_webhooks import DOWN, MINE, WebhookHarness
from tests.support.builders import make_call
from trunkline.auth.principal import Principal
from trunkline.calls.models import Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Ending
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.validation import validated_query
from trunkline.webhooks.call_deliveries import MAX_EVENTS, CallDeliveryQuery, CallDeliveryReader

CALL = make_call()


def shown(webhooks: WebhookHarness, principal: Principal = MINE, call_id: str = CALL.id) -> list[str]:
    reader = CallDeliveryReader(webhooks.calls, webhooks.endpoints, webhooks.deliveries)
    return [each["id"] for each in reader.list_deliveries(principal, call_id)["data"]]


def test_the_deliveries_of_all_events_to_all_webhooks_are_found(webhooks: WebhookHarness) -> None:
    for _ in range(2):
        webhooks.webhook()
    webhooks.calls.create(CALL)
    webhooks.calls.create(make_call(2))
    webhooks.tell(make_call(2).id)
    webhooks.tell(CALL.id)
    ending = Ending(State.CANCELLED, Reason.CANCELLED)
    now_ms = webhooks.clock.wall_ms() + 1_000
    webhooks.calls.update(CALL.id, lambda call: end_call(call, ending, now_ms), now_ms)
    webhooks.tell(CALL.id, 2)
    expected = webhooks.started()[2:]
    assert len(expected) == 4
    assert sorted(shown(webhooks)) == sorted(expected)


def test_a_redelivery_is_listed_behind_what_it_repeats(webhooks: WebhookHarness) -> None:
    webhooks.webhook(max_attempts=1)
    first = webhooks.told(CALL)
    webhooks.answer = lambda _: DOWN
    webhooks.run(first)
    webhooks.clock.move_s(5)
    again = webhooks.deliveries_service.redeliver(MINE, first)["id"]
    assert shown(webhooks) == [first, again]


def test_another_tenants_or_modes_call_is_none(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    webhooks.told(CALL)
    for stranger in (replace(MINE, tenant_id="tenant-2"), replace(MINE, livemode=False)):
        with pytest.raises(NotFound):
            shown(webhooks, stranger)
    with pytest.raises(NotFound):
        shown(webhooks, call_id=make_call(9).id)


def test_of_many_events_the_first_and_the_latest_are_looked_for(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    webhooks.calls.create(CALL)
    for number in range(MAX_EVENTS + 5):
        call = webhooks.calls.load(CALL.id)
        assert call
        change = Change(call, (NewEvent("agent_changed", {"agent": f"a{number}"}),))
        webhooks.calls.apply(call, change, webhooks.clock.wall_ms())
    for sequence in range(1, MAX_EVENTS + 7):
        webhooks.tell(CALL.id, sequence)
    found = shown(webhooks)
    assert len(found) == MAX_EVENTS
    assert {webhooks.started()[0], webhooks.started()[-1]} <= set(found)


@pytest.mark.parametrize("query", [{}, {"call_id": "x"}, {"call_id": CALL.id, "limit": "1"}])
def test_a_query_without_a_call_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        validated_query(CallDeliveryQuery, query)
