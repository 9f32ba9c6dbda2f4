"""The lane run against a real table and a LiveKit in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS, SNAPSHOT, TRUNK, a_call
from tests.store.conftest import QUICK, Bench
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import store_pending_ending
from trunkline.calls.value_objects import Ending
from trunkline.dial_queue.lease import HeldLane
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import Stop
from trunkline.livekit.client import LiveKitUnavailable
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.storage.keys.dialing import lane_key
from trunkline.storage.table import Update

WAKE = DialWakeup(TRUNK.id)


def load(bench: Bench, number: int = 1) -> Call:
    call = bench.calls.load(a_call(number).id)
    assert call is not None
    return call


def answers(verdict: DialResult) -> DialAnswer:
    return DialAnswer(verdict)


async def test_a_call_is_claimed_prepared_dialled_and_answered(bench: Bench) -> None:
    bench.calls.accept(a_call())
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    call = load(bench)
    assert (call.state, call.phase, call.owner) == (State.ACTIVE, Phase.SETTLED, None)
    assert (call.dispatch_id, call.agent_job_id) == ("AD_ada", "AJ_1")
    assert (call.sip_participant_id, call.sip_call_id) == ("PA_1", "SCL_1")
    assert call.room_name == f"call-{call.id}"
    assert len(bench.livekit.invites) == 1
    assert not bench.lanes.is_held(TRUNK.id)


async def test_the_intent_is_written_before_the_invite(bench: Bench) -> None:
    seen: list[Call] = []

    def look(call: Call) -> DialAnswer:
        seen.append(load(bench))
        return answers(DialResult(DialResultKind.ANSWERED))

    bench.livekit.answer = look
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert (seen[0].state, seen[0].phase) == (State.CONNECTING, Phase.SENT)
    assert seen[0].intent
    assert seen[0].dead_after_ms


async def test_starts_keep_the_pace_and_the_order_of_the_line(bench: Bench) -> None:
    for number, priority in ((1, 10), (2, 5), (3, 0), (4, 5), (5, 0), (6, 10)):
        bench.calls.accept(a_call(number, priority=priority))
    await bench.run().serve(WAKE)
    times = [time for time, _ in bench.livekit.invites]
    cps = int(TRUNK.cps)
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[cps:], strict=False))
    order = [int(call.id[-12:]) for _, call in bench.livekit.invites]
    assert order == [3, 5, 2, 4, 1, 6]


@pytest.mark.parametrize(
    ("verdict", "state", "reason"),
    [
        (DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486), State.FAILED, Reason.DIAL_BUSY),
        (DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER), State.FAILED, Reason.DIAL_NO_ANSWER),
    ],
)
async def test_a_carriers_verdict_ends_the_call_with_its_code(
    bench: Bench, verdict: DialResult, state: State, reason: Reason
) -> None:
    bench.livekit.answer = lambda _: answers(verdict)
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    call = load(bench)
    assert (call.state, call.reason, call.sip_status_code) == (state, reason, verdict.sip_status_code)
    assert bench.livekit.deleted_rooms == [call.room_name], "the agent must not wait in an empty room"


async def test_too_fast_returns_the_call_to_its_place_and_it_is_dialled_again_more_slowly(
    bench: Bench,
) -> None:
    refusals = iter([DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503)])
    bench.livekit.answer = lambda _: answers(next(refusals, DialResult(DialResultKind.ANSWERED)))
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    call = load(bench)
    assert (call.state, call.claim) == (State.ACTIVE, 2)
    assert call.room_name == f"call-{call.id}-2"
    assert bench.livekit.deleted_rooms == [f"call-{call.id}"]
    identities = {(made.room_name, made.claim) for _, made in bench.livekit.invites}
    assert len(identities) == 2


async def test_an_unknown_outcome_is_left_for_a_look_up_and_never_dialled_again(bench: Bench) -> None:
    bench.livekit.answer = lambda _: answers(DialResult(DialResultKind.UNKNOWN))
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    await bench.run("run-2").serve(WAKE)
    call = load(bench)
    assert (call.state, call.phase, call.owner) == (State.CONNECTING, Phase.SENT, None)
    assert len(bench.livekit.invites) == 1


async def test_an_end_kept_while_the_answer_was_awaited_is_applied_with_it(bench: Bench) -> None:
    def end_first(call: Call) -> DialAnswer:
        current = load(bench)
        bench.calls.change(
            current, store_pending_ending(current, Ending(State.COMPLETED, Reason.USER_HANGUP)), NOW_MS
        )
        return answers(DialResult(DialResultKind.ANSWERED))

    bench.livekit.answer = end_first
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    story = bench.calls.story(a_call().id)
    assert story is not None
    assert story[0].state is State.COMPLETED
    assert [event.type for event in story[1]] == ["queued", "connecting", "active", "completed"]


async def test_an_agent_that_never_joins_fails_the_call_without_ringing(bench: Bench) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call(agent=replace(SNAPSHOT, agent_join_timeout_s=1)))
    await bench.run().serve(WAKE)
    call = load(bench)
    assert (call.state, call.reason) == (State.FAILED, Reason.AGENT_UNAVAILABLE)
    assert bench.livekit.invites == []
    assert call.dispatch_id == "AD_ada"


async def test_the_gate_can_be_switched_off(bench: Bench) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call(agent=replace(SNAPSHOT, wait_for_agent=False)))
    await bench.run().serve(WAKE)
    assert load(bench).state is State.ACTIVE


async def test_an_expired_call_is_ended_and_not_dialled(bench: Bench) -> None:
    bench.calls.accept(a_call(expires_at_ms=NOW_MS - 1))
    await bench.run().serve(WAKE)
    assert (load(bench).state, load(bench).reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert bench.livekit.invites == []


async def test_a_number_taken_from_the_trunk_is_not_shown_any_more(bench: Bench) -> None:
    bench.calls.accept(a_call(caller_id="+15550000000"))
    await bench.run().serve(WAKE)
    assert load(bench).reason is Reason.CALLER_ID_REVOKED
    assert bench.livekit.invites == []


async def test_a_start_that_comes_too_late_gives_its_slot_up_and_takes_another(bench: Bench) -> None:
    bench.livekit.connecting_takes_s = 0.4
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.5)
    assert bench.livekit.invites == []
    bench.livekit.connecting_takes_s = 0.0
    await run
    assert len(bench.livekit.invites) == 1
    story = bench.calls.story(a_call().id)
    assert story is not None
    assert [event.type for event in story[1]].count("connecting") == 1


async def test_a_lane_that_another_run_holds_is_left_alone(bench: Bench) -> None:
    bench.lanes.take(TRUNK.id, "another")
    bench.calls.accept(a_call())
    assert await bench.run().serve(WAKE) is None
    assert bench.livekit.invites == []


async def test_a_handover_wake_waits_for_the_old_run_to_let_go(bench: Bench) -> None:
    held = bench.lanes.take(TRUNK.id, "old")
    assert held is not None
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(DialWakeup(TRUNK.id, handover=True)))
    await asyncio.sleep(0.05)
    bench.lanes.release(held, 0)
    assert await run is Stop.EMPTY
    assert len(bench.livekit.invites) == 1


async def test_time_up_hands_over_and_finishes_its_unanswered_dials(bench: Bench) -> None:
    bench.livekit.answer_after_s = 0.8
    for number in range(1, 6):
        bench.calls.accept(a_call(number))
    limits = replace(QUICK, claim_for_s=0.3, wind_down_s=0.1)
    assert await bench.run(limits=limits).serve(WAKE) is Stop.TIME_UP
    assert bench.wakes.sent == [DialWakeup(TRUNK.id, handover=True)]
    states = [load(bench, number).state for number in range(1, 6)]
    dialled = len(bench.livekit.invites)
    assert 0 < dialled < 5
    assert states.count(State.ACTIVE) == dialled
    assert states.count(State.QUEUED) == 5 - dialled
    assert len(bench.line.head(TRUNK.id, "tenant-1", 9)) == 5 - dialled
    await bench.run("run-2").serve(bench.wakes.sent[0])
    assert sorted(call.id for _, call in bench.livekit.invites) == [a_call(n).id for n in range(1, 6)]


async def test_a_run_that_loses_its_lane_dials_no_more_and_returns_what_it_prepared(bench: Bench) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.1)
    bench.table.write(Update(lane_key(TRUNK.id), set={"holder": "usurper", "fence": 99}))
    assert await run is Stop.LOST
    assert bench.livekit.invites == []
    assert (load(bench).state, load(bench).phase) == (State.QUEUED, None)
    assert len(bench.line.head(TRUNK.id, "tenant-1", 9)) == 1


async def test_livekit_that_takes_no_dispatch_keeps_the_calls_waiting(bench: Bench) -> None:
    bench.livekit.dispatch_error = LiveKitUnavailable("connection refused")
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.3)
    assert load(bench).state is State.QUEUED
    bench.livekit.dispatch_error = None
    await run
    assert load(bench).state is State.ACTIVE
    assert load(bench).claim >= 2, "an unclear dispatch is never repeated in the same room"


async def test_a_call_that_arrives_while_the_lane_is_released_is_not_left_behind(bench: Bench) -> None:
    release = bench.lanes.release
    arrived: list[Call] = []

    def release_and_accept(lane: HeldLane, *rest: Any) -> None:
        release(lane, *rest)
        if not arrived:
            arrived.append(a_call(2))
            bench.calls.accept(arrived[0])

    bench.lanes.release = release_and_accept  # type: ignore[method-assign, assignment]
    bench.calls.accept(a_call(1))
    await bench.run().serve(WAKE)
    assert load(bench, 2).state is State.ACTIVE


async def test_a_lane_that_was_slowed_stays_slow_for_its_next_run(bench: Bench) -> None:
    bench.livekit.answer = lambda _: answers(DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503))
    bench.calls.accept(a_call(expires_at_ms=NOW_MS + 1_000))
    await bench.run().serve(WAKE)
    lane = bench.lanes.take(TRUNK.id, "next")
    assert lane is not None
    assert lane.pace_factor < 0.6
