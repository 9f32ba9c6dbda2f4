"""One HTTPS request rings a phone: the whole way, through the deployed stack."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest

from local.probes import max_starts_in_a_second
from tests.stack.fixtures_livekit import Control
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.tenant import Tenant
from trunkline.dial_queue.pacing import preparing_bound, spacing_us


def test_a_call_goes_from_queued_to_completed_with_all_its_ids(tenant: Tenant) -> None:
    answer = tenant.place(metadata={"customerName": "John Doe"}, priority=0)
    assert answer.status_code == 201
    accepted = answer.json()
    assert accepted["message"] == "Outbound call queued. Poll GET /api/v1/calls/{id} for dial progress."
    data = accepted["data"]
    assert data["status"] == "queued"
    assert data["agent"] == {"id": tenant.agent.id, "name": "Ada", "type": "voice"}
    assert data["callerId"] == "+15550109001"
    call = tenant.wait_for_end(data["id"])
    assert call["status"] == call["data"]["status"] == "completed"
    assert call["status_reason"] == "user_hangup"
    assert call["data"]["roomId"] == f"call-{data['id']}"
    assert call["data"]["jobId"].startswith("AD_")
    assert call["data"]["agentJobId"].startswith("AJ_")
    assert call["data"]["sipParticipantId"].startswith("PA_")
    # The callee talks for 3 s; the answer may be noticed a moment later than it came.
    assert call["data"]["duration"] == call["duration_seconds"] >= 2
    assert abs(call["duration_seconds"] - seconds_from_answer_to_end(call)) <= 1
    assert "summary" in call["data"]
    story = [entry["status"] for entry in call["timeline"]]
    assert story == ["initiated", "queued", "connecting", "active", "completed"]
    assert call["metadata"] == {"customerName": "John Doe"}
    assert call["data"]["metadata"]["priority"] == 0
    invite = tenant.invites()
    assert [(line["to"], line["from"]) for line in invite] == [("+15550100001", "+15550109001")]
    assert invite[0]["headers"] == {"X-Trunkline-Call-Id": data["id"]}


def seconds_from_answer_to_end(call: dict[str, Any]) -> float:
    ended, answered = (datetime.fromisoformat(call[moment]) for moment in ("ended_at", "answered_at"))
    return (ended - answered).total_seconds()


@pytest.mark.parametrize(
    ("number", "status", "reason", "sip_status_code"),
    [
        ("+15550100002", "failed", "dial_busy", 486),
        ("+15550100004", "failed", "trunk_unavailable", 503),
        ("+15550100005", "failed", "user_declined", 603),
        ("+15550100008", "failed", "invalid_destination", 404),
        ("+15550100009", "failed", "dial_no_answer", 480),
        ("+15550100012", "failed", "trunk_rejected", 403),
        ("+15550100013", "completed", "user_hangup", None),
    ],
)
def test_each_outcome_has_its_status_reason_and_sip_code(
    tenant: Tenant, number: str, status: str, reason: str, sip_status_code: int | None
) -> None:
    call = tenant.wait_for_end(tenant.placed(number))
    assert (call["data"]["status"], call["status_reason"]) == (status, reason)
    assert call["sip_status_code"] == call["data"]["sip_status_code"] == sip_status_code
    assert call["data"]["failure_reason"] == (reason if status == "failed" else None)
    assert len(tenant.invites()) == 1


async def test_a_phone_that_nobody_answers_is_given_up_after_the_ring_timeout(
    make_tenant: MakeTenant,
) -> None:
    tenant = await make_tenant(agent={"ring_timeout_s": 5})
    calls = [tenant.placed(number) for number in ("+15550100003", "+15550100006")]
    for call_id in calls:
        call = tenant.wait_for_end(call_id)
        assert (call["status"], call["status_reason"]) == ("failed", "dial_no_answer")


def test_ids_are_there_while_it_rings(tenant: Tenant) -> None:
    call_id = tenant.placed("+15550100007")
    call = tenant.wait(call_id, lambda call: bool(call["data"]["sipParticipantId"]))
    assert call["data"]["status"] == "connecting"
    assert call["data"]["roomId"]
    assert call["data"]["jobId"]
    assert call["data"]["sipCallId"].startswith("SCL_")


async def test_a_call_ends_at_its_maximum_duration(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(agent={"max_call_duration_s": 10})
    call = tenant.wait_for_end(tenant.placed("+15550100011"))
    assert (call["status"], call["status_reason"]) == ("completed", "max_duration_reached")
    times = [datetime.fromisoformat(call[name]) for name in ("answered_at", "ended_at")]
    assert times[1] - times[0] >= timedelta(seconds=10)


async def test_without_its_agent_a_phone_does_not_ring(make_tenant: MakeTenant, control: Control) -> None:
    name = f"absent-{uuid.uuid4().hex[:8]}"
    control(f"agents/{name}", joins_after_s=None)
    agent = {"livekit_agent_name": name, "agent_join_timeout_s": 1}
    tenant = await make_tenant(agent=agent)
    call = tenant.wait_for_end(tenant.placed())
    assert (call["status"], call["status_reason"]) == ("failed", "agent_unavailable")
    assert tenant.invites() == []


async def test_the_line_is_paced_and_urgent_calls_go_first(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(cps=5)
    tenant.change_trunk(paused=True)
    routine = [tenant.placed("+15550100002", priority=10) for _ in range(20)]
    urgent = tenant.placed("+15550100002", priority=0)
    tenant.change_trunk(paused=False)
    for call_id in [urgent, *routine]:
        tenant.wait_for_end(call_id)
    invites = tenant.invites()
    times = [invite["t"] for invite in invites]
    assert len(times) == 21
    assert len({invite["room"] for invite in invites}) == 21
    assert max_starts_in_a_second(times) <= 5
    place = next(n for n, invite in enumerate(invites) if urgent in invite["room"])
    # Which agent joins first is the machine's affair; tests/store/test_trunk_pauses.py has the exact order.
    assert place < preparing_bound(5), "it overtakes all that are not prepared at once with it"
    # One that the carrier's machine takes late is a short gap to the next: evenly spaced means most are.
    assert median(later - earlier for earlier, later in pairwise(times)) > (spacing_us(5) / 1e6 - 0.03)


async def test_a_carrier_that_refuses_the_pace_loses_no_call(
    make_tenant: MakeTenant, control: Control
) -> None:
    tenant = await make_tenant(cps=10)
    control(f"trunks/{tenant.trunk.sip_trunk_id}", max_cps=3)
    tenant.change_trunk(paused=True)
    calls = [tenant.placed("+15550100002") for _ in range(8)]
    tenant.change_trunk(paused=False)
    for call_id in calls:
        call = tenant.wait_for_end(call_id)
        assert (call["status_reason"], call["sip_status_code"]) == ("dial_busy", 486)
    identities = [(invite["room"], invite["identity"]) for invite in tenant.invites()]
    assert len(identities) == len(set(identities)), "each claim is dialled at most once"
    assert len(identities) > 8, "the carrier did refuse some"


async def test_two_tenants_with_trunks_of_their_own_do_not_wait_for_each_other(
    make_tenant: MakeTenant,
) -> None:
    slow = await make_tenant(cps=0.1)
    fast = await make_tenant(cps=50)
    waiting = [slow.placed("+15550100002") for _ in range(3)]
    fast.wait_for_end(fast.placed("+15550100002"))
    assert slow.call(waiting[-1])["status"] == "queued"


def test_an_ended_call_stays_as_it_is_when_livekit_repeats_itself(tenant: Tenant) -> None:
    call = tenant.wait_for_end(tenant.placed("+15550100013"))
    body = json.dumps({"event": "room_finished", "room": {"name": call["room_name"]}, "id": "EV_x"})
    forged = http.post(
        f"{tenant.stack.config.api_url}/livekit/webhook",
        content=body,
        headers={"authorization": "x.y.z", "content-type": "application/webhook+json"},
    )
    assert forged.status_code == 401
    assert forged.json()["error"]["message"] == "Invalid webhook signature"
    assert tenant.call(call["call_id"]) == call
