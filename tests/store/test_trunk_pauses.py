"""Pauses, the circuit breaker and tenants' turns, in a lane run."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.builders import NOW_MS, TRUNK, a_call
from tests.store.conftest import Bench
from tests.store.test_redial import move_s
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import Stop
from trunkline.dialer.trunk_guard import TRUNK_OPENS_AFTER
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import room_name
from trunkline.trunks.repository import TrunkEvent

WAKE = DialWakeup(TRUNK.id)
DOWN = DialAnswer(DialResult(DialResultKind.FAILED, Reason.TRUNK_UNAVAILABLE, 503))
BUSY = DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486))
PAUSED = {"paused": True}


def fast(bench: Bench) -> None:
    bench.trunks.save(replace(TRUNK, cps=20))


def states(bench: Bench, numbers: range) -> list[State]:
    calls = [bench.calls.load(a_call(number).id) for number in numbers]
    return [call.state for call in calls if call]


def events(bench: Bench) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in bench.trunks.events(TRUNK.id)]


async def test_a_paused_trunk_dials_nothing_and_keeps_its_calls(bench: Bench) -> None:
    bench.trunks.set(TRUNK.id, PAUSED, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    bench.calls.accept(a_call())
    assert await bench.run().serve(WAKE) is Stop.PAUSED
    assert bench.livekit.invites == []
    assert not bench.lanes.is_held(TRUNK.id)
    bench.trunks.set(TRUNK.id, {"paused": False}, None)
    await bench.run("run-2").serve(WAKE)
    assert states(bench, range(1, 2)) == [State.ACTIVE]


async def test_a_pause_in_mid_run_returns_what_was_not_sent(bench: Bench) -> None:
    for number in range(1, 9):
        bench.calls.accept(a_call(number))
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.5)
    bench.trunks.set(TRUNK.id, PAUSED, None)
    assert await run is Stop.PAUSED
    dialled = len(bench.livekit.invites)
    assert 0 < dialled < 8
    assert states(bench, range(1, 9)).count(State.QUEUED) == 8 - dialled
    assert len(bench.line.head(TRUNK.id, "tenant-1", 9)) == 8 - dialled


async def test_a_resume_while_the_paused_run_lets_go_is_not_overlooked(bench: Bench) -> None:
    bench.trunks.set(TRUNK.id, PAUSED, None)
    bench.calls.accept(a_call())
    release = bench.lanes.release

    def release_and_resume(*args: object) -> None:
        release(*args)  # type: ignore[arg-type]
        bench.trunks.set(TRUNK.id, {"paused": False}, None)

    bench.lanes.release = release_and_resume  # type: ignore[method-assign, assignment]
    await bench.run().serve(WAKE)
    assert states(bench, range(1, 2)) == [State.ACTIVE]


async def test_a_lower_pace_is_taken_up_by_the_next_run(bench: Bench) -> None:
    bench.trunks.set(TRUNK.id, {"cps": 2}, None)
    for number in range(1, 4):
        bench.calls.accept(a_call(number))
    await bench.run().serve(WAKE)
    times = [time for time, _ in bench.livekit.invites]
    assert times[-1] - times[0] >= 2 * 0.5


async def test_a_trunk_that_keeps_failing_is_paused_with_a_reason(bench: Bench) -> None:
    fast(bench)
    bench.livekit.answer = lambda _: DOWN
    for number in range(1, 31):
        bench.calls.accept(a_call(number))
    assert await bench.run().serve(WAKE) is Stop.PAUSED
    failed = states(bench, range(1, 31)).count(State.FAILED)
    assert TRUNK_OPENS_AFTER <= failed < 25, "most calls wait for the trunk to work again"
    assert events(bench) == [("trunk.paused", "carrier_failing: SIP 503")]
    assert await bench.run("run-2").serve(WAKE) is Stop.PAUSED
    assert bench.wakes.sent[-1] == WAKE
    assert bench.wakes.delays_s[-1] in (29, 30)


async def test_a_failing_trunk_is_probed_by_one_call_and_paused_for_longer(bench: Bench) -> None:
    fast(bench)
    bench.livekit.answer = lambda _: DOWN
    for number in range(1, 31):
        bench.calls.accept(a_call(number))
    await bench.run().serve(WAKE)
    dialled = len(bench.livekit.invites)
    move_s(bench, 31)
    assert await bench.run("run-2").serve(WAKE) is Stop.PAUSED
    assert len(bench.livekit.invites) == dialled + 1
    state = bench.trunks.state(TRUNK.id)
    assert state is not None
    assert state.breaker is not None
    assert state.breaker.trips == 2


async def test_a_probe_that_works_resumes_the_trunk(bench: Bench) -> None:
    fast(bench)
    bench.livekit.answer = lambda _: DOWN
    for number in range(1, 31):
        bench.calls.accept(a_call(number))
    await bench.run().serve(WAKE)
    bench.livekit.answer = lambda _: BUSY
    move_s(bench, 31)
    assert await bench.run("run-2").serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 31)) == [State.FAILED] * 30
    assert events(bench)[0] == ("trunk.resumed", "carrier_answers")
    state = bench.trunks.state(TRUNK.id)
    assert state is not None
    assert state.breaker is None


async def test_a_burst_of_one_tenant_does_not_starve_another(bench: Bench) -> None:
    fast(bench)
    bench.trunks.grant(TRUNK.id, "tenant-2")
    for number in range(1, 31):
        bench.calls.accept(a_call(number))
    rooms = [room_name(a_call(number).id, 1) for number in range(31, 36)]
    for number in range(31, 36):
        bench.calls.accept(a_call(number, tenant_id="tenant-2"))
    await bench.run().serve(WAKE)
    assert len(bench.livekit.invites) == 35
    # Turns are taken at the claim; within the look-ahead, who is ready at its slot goes first.
    theirs = [index for index, room in enumerate(bench.livekit.dispatched) if room in rooms]
    assert theirs[-1] < 12, "they were all claimed while thirty calls of the other tenant waited"
