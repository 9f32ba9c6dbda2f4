"""Pauses, the circuit breaker and tenants' turns, in a lane run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness, make_queue
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.dialer.lane_run import RunLimits, StopReason
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import room_name
from trunkline.livekit.sdk_boundary import UNAUTHENTICATED, LiveKitUnavailable
from trunkline.livekit.sip_statuses import result_of_livekit_error
from trunkline.trunks.circuit_breaker import TRUNK_BREAKER
from trunkline.trunks.repository import TrunkEvent

DOWN = DialAnswer(DialResult(DialResultKind.FAILED, Reason.TRUNK_UNAVAILABLE, 503))
BUSY = DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486))
PAUSED = {"paused": True}


def fast(dialer: DialerHarness) -> None:
    dialer.trunks.save(replace(TRUNK, cps=20))


def events(dialer: DialerHarness) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in dialer.trunks.events(TRUNK.id)]


async def test_a_paused_trunk_dials_nothing_and_keeps_its_calls(dialer: DialerHarness) -> None:
    dialer.trunks.set(TRUNK.id, PAUSED, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    dialer.calls.create(make_call())
    assert await dialer.run().serve(WAKE) is StopReason.PAUSED
    assert dialer.livekit.invites == []
    assert not dialer.lanes.is_held(TRUNK.id)
    dialer.trunks.set(TRUNK.id, {"paused": False}, None)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.states(range(1, 2)) == [State.ACTIVE]


async def test_a_pause_in_mid_run_returns_what_was_not_sent(dialer: DialerHarness) -> None:
    for number in range(1, 9):
        dialer.calls.create(make_call(number))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.5)
    dialer.trunks.set(TRUNK.id, PAUSED, None)
    assert await run is StopReason.PAUSED
    dialled = len(dialer.livekit.invites)
    assert 0 < dialled < 8
    assert dialer.states(range(1, 9)).count(State.QUEUED) == 8 - dialled
    assert len(dialer.line.peek(TRUNK.id, "tenant-1", 9)) == 8 - dialled


async def test_the_urgent_call_of_a_resumed_trunk_rings_first(dialer: DialerHarness) -> None:
    dialer.trunks.set(TRUNK.id, PAUSED, None)
    for number in range(1, 21):
        dialer.calls.create(make_call(number, priority=10))
    dialer.calls.create(make_call(21, priority=0))
    assert await dialer.run().serve(WAKE) is StopReason.PAUSED
    dialer.trunks.set(TRUNK.id, {"paused": False}, None)
    await dialer.run("run-2").serve(WAKE)
    dialled = [call.id for _, call in dialer.livekit.invites]
    assert dialled == [make_call(number).id for number in (21, *range(1, 21))]


async def test_nothing_rings_later_than_one_look_after_a_pause(dialer: DialerHarness) -> None:
    """Also not the calls whose slot was granted, or whose intent was written, before the pause."""
    fast(dialer)
    for number in range(1, 200):
        dialer.calls.create(make_call(number))
    run = asyncio.create_task(dialer.run(limits=RunLimits()).serve(WAKE))
    for _ in range(3):
        await asyncio.sleep(0.7)
        assert not run.done()
    dialer.trunks.set(TRUNK.id, PAUSED, None)
    paused_s = asyncio.get_running_loop().time()
    assert await run is StopReason.PAUSED
    assert dialer.livekit.invites[-1][0] <= paused_s + RunLimits().poll_s
    sent = len(dialer.livekit.invites)
    assert dialer.states(range(1, 200)).count(State.QUEUED) == 199 - sent


@pytest.mark.parametrize("lower", [2, 0.5])
async def test_a_lowered_pace_holds_one_look_after_its_change(dialer: DialerHarness, lower: float) -> None:
    fast(dialer)
    for number in range(1, 60):
        dialer.calls.create(make_call(number))
    run = asyncio.create_task(dialer.run(limits=RunLimits()).serve(WAKE))
    await asyncio.sleep(1.5)
    dialer.trunks.set(TRUNK.id, {"cps": lower}, None)
    lowered_s = asyncio.get_running_loop().time() + RunLimits().poll_s
    await asyncio.sleep(6)
    dialer.trunks.set(TRUNK.id, PAUSED, None)
    await run
    times = [time_s for time_s, _ in dialer.livekit.invites if time_s > lowered_s]
    assert len(times) >= 2
    gaps_s = [later - earlier for earlier, later in pairwise(times[:: max(1, int(lower))])]
    assert min(gaps_s) >= 1 / min(1, lower)


async def test_a_resume_while_the_paused_run_lets_go_is_not_overlooked(dialer: DialerHarness) -> None:
    dialer.trunks.set(TRUNK.id, PAUSED, None)
    dialer.calls.create(make_call())
    release = dialer.lanes.release

    def release_and_resume(*args: object) -> None:
        release(*args)  # type: ignore[arg-type]
        dialer.trunks.set(TRUNK.id, {"paused": False}, None)

    dialer.lanes.release = release_and_resume  # type: ignore[method-assign, assignment]
    await dialer.run().serve(WAKE)
    assert dialer.states(range(1, 2)) == [State.ACTIVE]


async def test_a_lower_pace_is_taken_up_by_the_next_run(dialer: DialerHarness) -> None:
    dialer.trunks.set(TRUNK.id, {"cps": 2}, None)
    for number in range(1, 4):
        dialer.calls.create(make_call(number))
    await dialer.run().serve(WAKE)
    times = [time for time, _ in dialer.livekit.invites]
    assert times[-1] - times[0] >= 2 * 0.5


async def test_a_trunk_that_keeps_failing_is_paused_with_a_reason(dialer: DialerHarness) -> None:
    fast(dialer)
    dialer.livekit.answer = lambda _: DOWN
    for number in range(1, 31):
        dialer.calls.create(make_call(number))
    assert await dialer.run().serve(WAKE) is StopReason.PAUSED
    failed = dialer.states(range(1, 31)).count(State.FAILED)
    assert TRUNK_BREAKER.opens_after <= failed < 25, "most calls wait for the trunk to work again"
    assert events(dialer) == [("trunk.paused", "carrier_failing: SIP 503")]
    assert await dialer.run("run-2").serve(WAKE) is StopReason.PAUSED
    assert dialer.wakeups.sent[-1] == WAKE
    assert dialer.wakeups.delays_s[-1] in (29, 30)


async def test_a_failing_trunk_is_probed_by_one_call_and_paused_for_longer(dialer: DialerHarness) -> None:
    fast(dialer)
    dialer.livekit.answer = lambda _: DOWN
    for number in range(1, 31):
        dialer.calls.create(make_call(number))
    await dialer.run().serve(WAKE)
    dialled = len(dialer.livekit.invites)
    dialer.clock.move_s(31)
    assert await dialer.run("run-2").serve(WAKE) is StopReason.PAUSED
    assert len(dialer.livekit.invites) == dialled + 1
    state = dialer.trunks.state(TRUNK.id)
    assert state is not None
    assert state.breaker is not None
    assert state.breaker.trips == 2


async def test_a_probe_that_works_resumes_the_trunk(dialer: DialerHarness) -> None:
    fast(dialer)
    dialer.livekit.answer = lambda _: DOWN
    for number in range(1, 31):
        dialer.calls.create(make_call(number))
    await dialer.run().serve(WAKE)
    dialer.livekit.answer = lambda _: BUSY
    dialer.clock.move_s(31)
    assert await dialer.run("run-2").serve(WAKE) is StopReason.EMPTY
    assert dialer.states(range(1, 31)) == [State.FAILED] * 30
    assert events(dialer)[0] == ("trunk.resumed", "carrier_answers")
    state = dialer.trunks.state(TRUNK.id)
    assert state is not None
    assert state.breaker is None


async def test_a_burst_of_one_tenant_does_not_starve_another(dialer: DialerHarness) -> None:
    fast(dialer)
    dialer.trunks.grant(TRUNK.id, "tenant-2")
    for number in range(1, 31):
        dialer.calls.create(make_call(number))
    rooms = [room_name(make_call(number).id, 1) for number in range(31, 36)]
    for number in range(31, 36):
        dialer.calls.create(make_call(number, tenant_id="tenant-2"))
    await dialer.run().serve(WAKE)
    assert len(dialer.livekit.invites) == 35
    # Turns are taken at the claim; within the look-ahead, who is ready at its slot goes first.
    theirs = [index for index, room in enumerate(dialer.livekit.dispatched) if room in rooms]
    assert theirs[-1] < 12, "they were all claimed while thirty calls of the other tenant waited"


async def fail_one(dialer: DialerHarness, number: int) -> StopReason | None:
    dialer.calls.create(make_call(number))
    return await dialer.run(f"run-{number}").serve(WAKE)


async def test_failures_far_apart_open_the_breaker_whichever_runs_see_them(dialer: DialerHarness) -> None:
    """A run ends with its line: the row of failures is the trunk's."""
    dialer.livekit.answer = lambda _: DOWN
    opens_after = TRUNK_BREAKER.opens_after
    for number in range(1, opens_after + 1):
        await fail_one(dialer, number)
        await asyncio.sleep(2.5)
    assert await fail_one(dialer, opens_after + 1) is StopReason.PAUSED
    assert len(dialer.livekit.invites) == opens_after
    assert events(dialer) == [("trunk.paused", "carrier_failing: SIP 503")]


async def test_a_run_says_why_those_before_it_failed(dialer: DialerHarness) -> None:
    """A run whose line is empty before it looks again leaves it to the next one to pause the trunk."""
    refused = "carrier_failing: trunk_auth_failed"
    dialer.trunks.count_failures(TRUNK.id, TRUNK_BREAKER.opens_after, refused, anew=False)
    assert await fail_one(dialer, 1) is StopReason.PAUSED
    assert events(dialer) == [("trunk.paused", refused)]
    assert dialer.livekit.invites == []


async def test_an_answer_about_a_callee_ends_the_row_of_another_run(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: DOWN
    for number in range(1, TRUNK_BREAKER.opens_after):
        await fail_one(dialer, number)
    dialer.livekit.answer = lambda _: BUSY
    await fail_one(dialer, 10)
    dialer.livekit.answer = lambda _: DOWN
    await fail_one(dialer, 11)
    state = dialer.trunks.state(TRUNK.id)
    assert state is not None
    assert (state.failures, state.breaker) == (1, None)
    assert state.failing_because == "carrier_failing: SIP 503"


async def test_a_resume_by_hand_closes_the_breaker_and_forgets_the_row(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: DOWN
    for number in range(1, TRUNK_BREAKER.opens_after + 2):
        await fail_one(dialer, number)
    dialer.trunks.set(TRUNK.id, {"paused": False}, None, resumes=True)
    state = dialer.trunks.state(TRUNK.id)
    assert state is not None
    assert (state.failures, state.breaker) == (0, None)
    dialer.livekit.answer = lambda _: BUSY
    assert await dialer.run("after").serve(WAKE) is StopReason.EMPTY


REFUSALS = {
    "wrong credentials": "unauthenticated (401)",
    "no such trunk": "requested sip trunk does not exist",
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_livekit_that_refuses_keeps_the_calls_and_says_so(dialer: DialerHarness, case: str) -> None:
    if case == "wrong credentials":
        dialer.livekit.dispatch_error = LiveKitUnavailable(REFUSALS[case], code=UNAUTHENTICATED)
    else:
        result = result_of_livekit_error(404, "not_found", REFUSALS[case])
        dialer.livekit.answer = lambda _: DialAnswer(result)
    for number in range(1, 4):
        dialer.calls.create(make_call(number))
    assert await dialer.run().serve(WAKE) is StopReason.REFUSED
    assert dialer.states(range(1, 4)) == [State.QUEUED] * 3
    assert events(dialer) == [("trunk.paused", f"livekit_refused: {REFUSALS[case]}")]
    status = make_queue(dialer.table, dialer.clock).status(dialer.load(2))
    assert status is not None
    assert (status.state, status.estimated_start_ms) == ("livekit_refused", None)
    dialer.livekit.dispatch_error = None
    dialer.livekit.answer = lambda _: BUSY
    dialer.clock.move_s(31)
    assert await dialer.run("mended").serve(WAKE) is StopReason.EMPTY
    assert events(dialer)[0] == ("trunk.resumed", "carrier_answers")
