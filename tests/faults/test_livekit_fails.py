"""LiveKit accepts and hangs, resets or errs, through the deployed stack; and cancels race dials."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.oracle import check
from tests.stack.conftest import Tenant

BUSY, ANSWERS = "+15550100002", "+15550100001"
DIAL, DISPATCH = "SIP/CreateSIPParticipant", "AgentDispatchService/CreateDispatch"
FAULTY = 4
RACES = 200
HOWS = ("reset_before", "reset_after", "hang_after", "error_before", "error_after")
SEEN = {"dial_busy", "dial_unknown", "user_declined", "user_hangup", "end_not_reported"}
Control = Callable[..., None]


async def test_dials_whose_answer_is_lost_in_every_way(make_tenant: Any, control: Control) -> None:
    placed: dict[tuple[str, str], tuple[Tenant, list[str]]] = {}
    for how in HOWS:
        for number in (BUSY, ANSWERS):
            tenant: Tenant = await make_tenant(cps=5, agent={"ring_timeout_s": 10})
            control("faults", method=DIAL, how=how, times=FAULTY)
            calls = [tenant.placed(number) for _ in range(FAULTY + 2)]
            for call_id in calls:
                tenant.wait(call_id, lambda call: call["status"] != "queued")
            time.sleep(1)
            placed[how, number] = tenant, calls
    for (how, _), (tenant, calls) in placed.items():
        reasons = check(tenant, calls, cps=5)
        if how.endswith("before"):
            assert reasons["dial_unknown"] == FAULTY
        assert set(reasons) <= SEEN, (how, reasons)


@pytest.mark.parametrize("how", ["reset_before", "reset_after", "error_after"])
async def test_a_dispatch_that_fails_rings_nobody_and_is_made_again_elsewhere(
    make_tenant: Any, control: Control, how: str
) -> None:
    tenant: Tenant = await make_tenant(cps=5)
    control("faults", method=DISPATCH, how=how, times=2)
    call_id = tenant.placed(BUSY)
    assert set(check(tenant, [call_id], cps=5)) == {"dial_busy"}
    assert tenant.invites()[0]["room"] != f"call-{call_id}", "the first room may hold an agent already"


async def test_two_hundred_cancels_race_their_dials(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant(cps=20)
    calls = []
    for number in range(RACES):
        calls.append(tenant.placed(BUSY))
        time.sleep(0.02 * (number % 25))
        tenant.cancel(calls[-1])
    reasons = check(tenant, calls, cps=20, never_dialled=frozenset({"cancelled"}))
    assert set(reasons) <= {"cancelled", "dial_busy", "user_declined"}
    dialled = len(tenant.invites())
    time.sleep(2)
    assert len(tenant.invites()) == dialled, "nothing rings later"
