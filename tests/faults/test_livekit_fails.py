"""LiveKit accepts and hangs, resets or errs, through the deployed stack; and cancels race dials."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.faults.invariants import check_invariants
from tests.stack.fixtures_livekit import Control
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.polling import poll
from tests.support.tenant import Tenant

BUSY, ANSWERS, STAYS = "+15550100002", "+15550100001", "+15550100011"
DIAL, DISPATCH = "SIP/CreateSIPParticipant", "AgentDispatchService/CreateDispatch"
FAULTY = 4
MAX_STALE_S = 10 + 5 + 60 + 65
"""Talk limit, ring time, a minute, and the reconciler's interval."""

RACES = 200
HOWS = ("reset_before", "reset_after", "hang_after", "error_before", "error_after")
SEEN = {"dial_busy", "dial_unknown", "user_declined", "user_hangup", "end_not_reported", "connection_lost"}


async def test_dials_whose_answer_is_lost_in_every_way(make_tenant: MakeTenant, control: Control) -> None:
    placed: dict[tuple[str, str], tuple[Tenant, list[str]]] = {}
    for how in HOWS:
        for number in (BUSY, ANSWERS):
            tenant = await make_tenant(cps=5, agent={"ring_timeout_s": 10})
            trunk = tenant.trunk.sip_trunk_id
            control("faults", method=DIAL, how=how, times=FAULTY, about=trunk)
            calls = [tenant.placed(number) for _ in range(FAULTY + 2)]
            placed[how, number] = tenant, calls
    for (how, _), (tenant, calls) in placed.items():
        reasons = check_invariants(tenant, calls, cps=5)
        if how.endswith("before"):
            assert reasons["dial_unknown"] == FAULTY
        assert set(reasons) <= SEEN, (how, reasons)


@pytest.mark.parametrize("how", ["reset_before", "reset_after", "error_after"])
async def test_a_dispatch_that_fails_rings_nobody_and_is_made_again_elsewhere(
    make_tenant: MakeTenant, control: Control, how: str
) -> None:
    agent_name = f"ada-{how}"
    tenant = await make_tenant(cps=5, agent={"livekit_agent_name": agent_name})
    control("faults", method=DISPATCH, how=how, times=2, about=agent_name)
    call_id = tenant.placed(BUSY)
    assert set(check_invariants(tenant, [call_id], cps=5)) == {"dial_busy"}
    assert tenant.invites()[0]["room"] != f"call-{call_id}", "the first room may hold an agent already"


async def test_two_hundred_cancels_race_their_dials(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(cps=20)
    calls = []
    for number in range(RACES):
        calls.append(tenant.placed(BUSY))
        time.sleep(0.02 * (number % 25))
        tenant.cancel(calls[-1])
    reasons = check_invariants(tenant, calls, cps=20, never_dialled=frozenset({"cancelled"}))
    assert set(reasons) <= {"cancelled", "dial_busy", "user_declined"}
    dialled = len(tenant.invites())
    tenant.wait_for_end(tenant.placed(BUSY))
    assert len(tenant.invites()) == dialled + 1, "nothing rings later"


async def test_calls_that_a_killed_livekit_still_shows_end_for_their_owners(
    make_tenant: MakeTenant, control: Control
) -> None:
    tenant = await make_tenant(agent={"max_call_duration_s": 10, "ring_timeout_s": 5})
    cancelled, left_alone = tenant.placed(STAYS), tenant.placed(STAYS)
    for call_id in (cancelled, left_alone):
        tenant.wait(call_id, lambda call: call["status"] == "active")
    control("restart", keeps_rooms=True)
    tenant.cancel(cancelled)
    call = poll(lambda: tenant.call(cancelled), has_ended, MAX_STALE_S)
    assert (call["status"], call["status_reason"]) == ("completed", "hangup_requested")
    assert call["timeline"][-1]["confirmed"] is False
    call = poll(lambda: tenant.call(left_alone), has_ended, MAX_STALE_S)
    assert (call["status"], call["status_reason"]) == ("disconnected", "connection_lost")
    assert call["duration_seconds"] is None
    assert tenant.wait_for_end(tenant.placed(ANSWERS))["status"] == "completed"


def has_ended(call: dict[str, Any]) -> bool:
    return bool(call["ended_at"])
