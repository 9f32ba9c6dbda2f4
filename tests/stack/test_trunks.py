"""Trunks through the deployed API: pauses, bounds, slots, the breaker, and where a call stands."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.polling import poll
from tests.support.tenant import Tenant
from trunkline.agents.schemas import AgentSpec

CREDENTIALS_REFUSED = "+15550100024"
BUSY, RINGS_ON, TRUNK_DOWN, NEVER_HANGS_UP = "+15550100002", "+15550100003", "+15550100004", "+15550100011"
LOOK_AHEAD = 5
"""What a run has claimed ahead of its turn."""
ONE_REFUSED = Counter(trunk_auth_failed=1, trunk_paused=3)


def in_state(state: str) -> Any:
    return lambda call: call["queue_state"] == state


async def test_a_paused_trunk_keeps_its_calls_and_a_resumed_one_dials_them(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant()
    paused = tenant.change_trunk(paused=True)
    assert (paused["state"], paused["paused_reason"]) == ("paused", "paused_by_request")
    calls = [tenant.placed(BUSY) for _ in range(3)]
    call = tenant.call(calls[2])
    assert (call["queue_state"], call["queue_position"], call["estimated_start"]) == ("trunk_paused", 3, None)
    assert tenant.my_trunk()["waiting"] == 3
    assert tenant.invites() == []
    resumed = tenant.change_trunk(paused=False)
    assert [event["type"] for event in resumed["events"]] == ["trunk.resumed", "trunk.paused"]
    for call_id in calls:
        tenant.wait_for_end(call_id)
    assert len(tenant.invites()) == 3


async def test_a_pause_and_a_lower_pace_reach_a_run_that_is_under_way(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(cps=2)
    tenant.change_trunk(paused=True)
    calls = [tenant.placed(BUSY) for _ in range(30)]
    tenant.change_trunk(paused=False)
    tenant.wait_for_end(calls[0])
    assert tenant.my_trunk()["state"] == "dialing"
    tenant.change_trunk(paused=True)
    at_pause = _count_when_still(tenant, still_for_s=3)
    assert at_pause < len(calls)
    tenant.change_trunk(paused=False, cps=1)
    assert (tenant.my_trunk()["cps"], tenant.my_trunk()["cps_budget"]) == (1, 2)
    after = [invite["t"] for invite in poll(tenant.invites, lambda seen: len(seen) >= at_pause + 5)][
        at_pause:
    ]
    assert median(later - earlier for earlier, later in pairwise(after)) > 0.9, "one a second, not two"
    for call_id in calls:
        tenant.cancel(call_id)


def _count_when_still(tenant: Tenant, still_for_s: float) -> int:
    """How many INVITEs there were when no more came for so long: six times the gap of two a second."""
    seen: list[int] = []
    while len(seen) < 2 or seen[-1] != seen[-2]:
        seen.append(len(tenant.invites()))
        time.sleep(still_for_s)
    return len(tenant.invites())


async def test_the_estimate_is_later_the_further_back_a_call_is_and_never_too_early(
    make_tenant: MakeTenant,
) -> None:
    """How near it comes is in the benchmarks; that no call can start before its turn is certain."""
    tenant = await make_tenant(cps=2)
    tenant.change_trunk(paused=True)
    calls = [tenant.placed(BUSY) for _ in range(24)]
    tenant.change_trunk(paused=False)
    promised: list[float] = []
    for number in (11, 17, 23):
        call = tenant.call(calls[number])
        assert call["queue_state"] == "in_line"
        assert call["queue_position"] <= number + 1
        estimated_s = datetime.fromisoformat(call["estimated_start"]).timestamp()
        assert estimated_s >= time.time() + (call["queue_position"] - LOOK_AHEAD) / 2 - 1
        promised.append(estimated_s)
    assert promised == sorted(set(promised))
    for call_id in calls:
        tenant.wait_for_end(call_id)
    rooms = [invite["room"][5:41] for invite in tenant.invites()]
    assert sorted(rooms) == sorted(calls)
    places = [rooms.index(calls[number]) for number in (11, 17, 23)]
    assert places == sorted(places)


async def test_no_more_calls_are_up_than_allowed_and_a_hang_up_lets_the_next_one_go(
    make_tenant: MakeTenant,
) -> None:
    tenant = await make_tenant(trunk={"max_concurrent_calls": 2})
    calls = [tenant.placed(NEVER_HANGS_UP) for _ in range(4)]
    for call_id in calls[:2]:
        tenant.wait(call_id, lambda call: bool(call["status"] == "active"))
    waiting = tenant.wait(calls[3], in_state("at_capacity"))
    assert (waiting["queue_position"], waiting["estimated_start"]) == (2, None)
    trunk = tenant.my_trunk()
    assert (trunk["in_progress"], trunk["waiting"], trunk["max_concurrent_calls"]) == (2, 2, 2)
    tenant.cancel(calls[0])
    tenant.wait(calls[2], lambda call: bool(call["status"] == "active"))
    assert len(tenant.invites()) == 3
    for call_id in (*calls[1:], calls[0]):
        tenant.cancel(call_id)
        tenant.wait_for_end(call_id)


async def test_a_trunk_that_keeps_failing_pauses_itself_and_says_why(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(cps=10)
    calls = [tenant.placed(TRUNK_DOWN) for _ in range(20)]
    call = tenant.wait(calls[-1], in_state("trunk_paused"))
    assert call["queue_position"]
    trunk = tenant.my_trunk()
    assert (trunk["state"], trunk["paused_reason"]) == ("paused", "carrier_failing: SIP 503")
    assert trunk["paused_until"]
    assert trunk["events"][0]["type"] == "trunk.paused"
    assert 5 <= len(tenant.invites()) < 20
    for call_id in calls:
        tenant.cancel(call_id)


async def test_tenants_on_one_trunk_take_turns_and_see_only_their_own(make_tenant: MakeTenant) -> None:
    first = await make_tenant(cps=5)
    second = await make_tenant()
    operator = first.stack.operator()
    operator.grant_trunk(first.trunk.id, second.id)
    spec = AgentSpec(name="Bea", livekit_agent_name="bea", trunk=first.trunk.id)
    second.agent = operator.create_agent(second.id, spec)
    operator.set_trunk_paused(first.trunk.id, paused=True)
    burst = [first.placed(BUSY) for _ in range(30)]
    few = [second.placed(BUSY) for _ in range(3)]
    operator.set_trunk_paused(first.trunk.id, paused=False)
    for call_id in few:
        second.wait_for_end(call_id)
    rooms = [invite["room"][5:41] for invite in first.invites()]
    last_of_few = max(rooms.index(call_id) for call_id in few)
    assert last_of_few < 3 * 2 + LOOK_AHEAD, "the burst did not go first"
    shared = second.api.get(f"/api/v1/trunks/{first.trunk.id}").json()
    assert (shared["shared"], shared["waiting"], shared["in_progress"]) == (True, 0, 0)
    refused = second.api.patch(f"/api/v1/trunks/{first.trunk.id}", json={"paused": True})
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "trunk_shared")
    for call_id in burst:
        first.cancel(call_id)


async def test_trunks_need_the_right_tenant_and_scope(make_tenant: MakeTenant) -> None:
    mine = await make_tenant()
    theirs = await make_tenant()
    listed = mine.api.get("/api/v1/trunks").json()
    assert [trunk["id"] for trunk in listed["data"]] == [mine.trunk.id]
    assert listed["next_cursor"] is None
    for answer in (
        mine.api.get(f"/api/v1/trunks/{theirs.trunk.id}"),
        mine.api.patch(f"/api/v1/trunks/{theirs.trunk.id}", json={"paused": True}),
        mine.api.get("/api/v1/trunks/trunk_none"),
    ):
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Trunk not found")
    assert theirs.my_trunk()["state"] != "paused"
    reader = mine.stack.operator().create_key(mine.id, "reader", ["trunks:read"], livemode=True)
    url, headers = f"{mine.stack.config.api_url}/api/v1/trunks/{mine.trunk.id}", {"x-api-key": reader}
    assert http.get(url, headers=headers).status_code == 200
    refused = http.patch(url, headers=headers, json={"paused": True})
    assert refused.json()["error"]["message"] == "Missing scope: trunks:write"
    faults: list[Any] = [{}, {"cps": 1.5}, {"cps": 51}, {"paused": "yes"}, {"numbers": []}, []]
    for bad in faults:
        assert mine.api.patch(f"/api/v1/trunks/{mine.trunk.id}", json=bad).status_code == 400


async def test_refused_credentials_pause_the_trunk_after_the_first_call(make_tenant: MakeTenant) -> None:
    """LiveKit sends five INVITEs for one start then: a second start would be a burst over the pace."""
    tenant = await make_tenant(cps=1)
    tenant.change_trunk(paused=True)
    calls = [tenant.placed(CREDENTIALS_REFUSED) for _ in range(4)]
    tenant.change_trunk(paused=False)
    # Of the calls within the look-ahead, that one starts whose agent is there first.
    found = poll(
        lambda: [tenant.call(call_id) for call_id in calls],
        lambda found: Counter(call["failure_reason"] or call["queue_state"] for call in found) == ONE_REFUSED,
    )
    failed_id = next(call["call_id"] for call in found if call["failure_reason"])
    trunk = tenant.my_trunk()
    assert (trunk["state"], trunk["paused_reason"]) == ("paused", "carrier_failing: trunk_auth_failed")
    invites = tenant.invites()
    assert (len(invites), len({invite["room"] for invite in invites})) == (5, 1)
    for call_id in calls:
        if call_id != failed_id:
            tenant.cancel(call_id)
