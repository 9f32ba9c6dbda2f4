"""Cancelling through the deployed API, with the carrier's log as the oracle."""

from __future__ import annotations

import time

from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.tenant import Tenant

RACES = 30


def test_a_waiting_call_is_cancelled_at_once_and_never_rings(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    first, second, witness = (tenant.placed("+15550100002") for _ in range(3))
    call = tenant.cancel(second)
    assert (call["status"], call["data"]["status"]) == ("failed", "cancelled")
    assert call["status_reason"] == "cancelled"
    assert call["timeline"][-1]["status"] == "cancelled"
    assert tenant.cancel(second)["data"]["status"] == "cancelled"
    tenant.cancel(first)
    tenant.change_trunk(paused=False)
    tenant.wait_for_end(witness)
    assert [line["room"] for line in tenant.invites()] == [f"call-{witness}"]


def test_a_ringing_phone_stops_ringing(tenant: Tenant) -> None:
    call_id = tenant.placed("+15550100003")
    tenant.wait(call_id, lambda call: bool(call["data"]["sipParticipantId"]))
    call = tenant.cancel(call_id)
    assert call["cancel_requested"]
    call = tenant.wait_for_end(call_id)
    assert (call["data"]["status"], call["status_reason"]) == ("cancelled", "cancelled")


def test_an_active_call_is_hung_up(tenant: Tenant) -> None:
    call_id = tenant.placed("+15550100011")
    tenant.wait(call_id, lambda call: bool(call["status"] == "active"))
    tenant.cancel(call_id)
    call = tenant.wait_for_end(call_id)
    assert (call["status"], call["status_reason"]) == ("completed", "hangup_requested")


def test_an_ended_call_stays_as_it_is(tenant: Tenant) -> None:
    call = tenant.wait_for_end(tenant.placed("+15550100002"))
    assert tenant.cancel(call["call_id"]) == call


async def test_cancel_racing_the_dial_is_cancelled_or_dialled_and_never_both(make_tenant: MakeTenant) -> None:
    tenant: Tenant = await make_tenant(cps=20)
    calls = []
    for number in range(RACES):
        calls.append(tenant.placed("+15550100002"))
        time.sleep(0.02 * (number % 12))
        tenant.cancel(calls[-1])
    ended = {call_id: tenant.wait_for_end(call_id) for call_id in calls}
    dialled = [line["room"].removeprefix("call-")[:36] for line in tenant.invites()]
    assert len(dialled) == len(set(dialled))
    for call_id, call in ended.items():
        assert call_id in dialled or call["data"]["status"] == "cancelled"
    tenant.wait_for_end(tenant.placed("+15550100002"))
    assert len(tenant.invites()) == len(dialled) + 1, "nothing rings later"


async def test_a_cancel_needs_the_right_tenant_and_scope(make_tenant: MakeTenant) -> None:
    mine: Tenant = await make_tenant()
    theirs: Tenant = await make_tenant(cps=0.1)
    theirs.wait_for_end(theirs.placed("+15550100002"))
    call_id = theirs.placed("+15550100002")
    stranger = mine.api.post(f"/api/v1/calls/{call_id}/cancel")
    assert (stranger.status_code, stranger.json()["error"]["message"]) == (404, "Call not found")
    reader = theirs.stack.operator().create_key(theirs.id, "reader", ["calls:read"], livemode=True)
    url = f"{theirs.stack.config.api_url}/api/v1/calls/{call_id}/cancel"
    refused = http.post(url, headers={"x-api-key": reader})
    assert refused.json()["error"]["message"] == "Missing scope: calls:create"
    assert theirs.call(call_id)["status"] == "queued"
    theirs.cancel(call_id)
