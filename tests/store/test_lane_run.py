"""A lane run on the table in moto, with LiveKit in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import QUICK, WAKE, DialerHarness
from tests.support.builders import SNAPSHOT, TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import store_pending_ending
from trunkline.calls.value_objects import Ending
from trunkline.dial_queue.lease import HeldLane
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import StopReason
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.storage.keys.dialing import lane_key
from trunkline.storage.table import Table, Update


@pytest.fixture
def dialer_table(table: Table) -> Table:
    return table


def answers(verdict: DialResult) -> DialAnswer:
    return DialAnswer(verdict)


async def test_a_call_is_claimed_prepared_dialled_and_answered(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    call = dialer.load()
    assert (call.state, call.phase, call.owner) == (State.ACTIVE, Phase.SETTLED, None)
    assert (call.dispatch_id, call.agent_job_id) == ("AD_ada", "AJ_1")
    assert (call.sip_participant_id, call.sip_call_id) == ("PA_1", "SCL_1")
    assert call.room_name == f"call-{call.id}"
    assert call.created_at_ms <= (call.claimed_at_ms or 0) <= (call.connecting_at_ms or 0)
    assert len(dialer.livekit.invites) == 1
    assert not dialer.lanes.is_held(TRUNK.id)


async def test_the_intent_is_written_before_the_invite(dialer: DialerHarness) -> None:
    seen: list[Call] = []

    def look(call: Call) -> DialAnswer:
        seen.append(dialer.load())
        return answers(DialResult(DialResultKind.ANSWERED))

    dialer.livekit.answer = look
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert (seen[0].state, seen[0].phase) == (State.CONNECTING, Phase.SENT)
    assert seen[0].intent
    assert seen[0].token_expires_at_ms


async def test_starts_keep_the_pace_and_the_order_of_the_line(dialer: DialerHarness) -> None:
    for number, priority in ((1, 10), (2, 5), (3, 0), (4, 5), (5, 0), (6, 10)):
        dialer.calls.create(make_call(number, priority=priority))
    await dialer.run().serve(WAKE)
    times = [time for time, _ in dialer.livekit.invites]
    cps = int(TRUNK.cps)
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[cps:], strict=False))
    order = [int(call.id[-12:]) for _, call in dialer.livekit.invites]
    assert order == [3, 5, 2, 4, 1, 6]


@pytest.mark.parametrize(
    ("verdict", "state", "reason"),
    [
        (DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486), State.FAILED, Reason.DIAL_BUSY),
        (DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER), State.FAILED, Reason.DIAL_NO_ANSWER),
    ],
)
async def test_a_carriers_verdict_ends_the_call_with_its_code(
    dialer: DialerHarness, verdict: DialResult, state: State, reason: Reason
) -> None:
    dialer.livekit.answer = lambda _: answers(verdict)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    call = dialer.load()
    assert (call.state, call.reason, call.sip_status_code) == (state, reason, verdict.sip_status_code)
    assert dialer.livekit.deleted_rooms == [call.room_name], "the agent must not wait in an empty room"


async def test_too_fast_returns_the_call_to_its_place_and_it_is_dialled_again_more_slowly(
    dialer: DialerHarness,
) -> None:
    refusals = iter([DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503)])
    dialer.livekit.answer = lambda _: answers(next(refusals, DialResult(DialResultKind.ANSWERED)))
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    dialer.clock.move_s(1.5)
    await dialer.run("run-2").serve(WAKE)
    call = dialer.load()
    assert (call.state, call.claim) == (State.ACTIVE, 2)
    assert call.room_name == f"call-{call.id}-2"
    assert dialer.livekit.deleted_rooms == [f"call-{call.id}"]
    identities = {(made.room_name, made.claim) for _, made in dialer.livekit.invites}
    assert len(identities) == 2


async def test_an_unknown_outcome_is_left_for_a_look_up_and_never_dialled_again(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: answers(DialResult(DialResultKind.UNKNOWN))
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    await dialer.run("run-2").serve(WAKE)
    call = dialer.load()
    assert (call.state, call.phase, call.owner) == (State.CONNECTING, Phase.SENT, None)
    assert len(dialer.livekit.invites) == 1


async def test_an_end_kept_while_the_answer_was_awaited_is_applied_with_it(dialer: DialerHarness) -> None:
    def end_first(call: Call) -> DialAnswer:
        current = dialer.load()
        dialer.calls.apply(
            current, store_pending_ending(current, Ending(State.COMPLETED, Reason.USER_HANGUP)), NOW_MS
        )
        return answers(DialResult(DialResultKind.ANSWERED))

    dialer.livekit.answer = end_first
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    story = dialer.calls.load_with_events(make_call().id)
    assert story is not None
    assert story[0].state is State.COMPLETED
    assert [event.type for event in story[1]] == ["queued", "connecting", "active", "completed"]


async def test_an_agent_that_never_joins_fails_the_call_without_ringing(dialer: DialerHarness) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call(agent=replace(SNAPSHOT, agent_join_timeout_s=1)))
    await dialer.run().serve(WAKE)
    call = dialer.load()
    assert (call.state, call.reason) == (State.FAILED, Reason.AGENT_UNAVAILABLE)
    assert dialer.livekit.invites == []
    assert call.dispatch_id == "AD_ada"
    assert call.claimed_at_ms is not None


async def test_the_gate_can_be_switched_off(dialer: DialerHarness) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call(agent=replace(SNAPSHOT, wait_for_agent=False)))
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.ACTIVE


async def test_an_expired_call_is_ended_and_not_dialled(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call(expires_at_ms=NOW_MS - 1))
    await dialer.run().serve(WAKE)
    assert (dialer.load().state, dialer.load().reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert dialer.livekit.invites == []


async def test_a_number_taken_from_the_trunk_is_not_shown_any_more(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call(caller_id="+15550000000"))
    await dialer.run().serve(WAKE)
    assert dialer.load().reason is Reason.CALLER_ID_REVOKED
    assert dialer.livekit.invites == []


async def test_a_start_that_comes_too_late_gives_its_slot_up_and_takes_another(dialer: DialerHarness) -> None:
    dialer.livekit.connecting_takes_s = 0.4
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.5)
    assert dialer.livekit.invites == []
    dialer.livekit.connecting_takes_s = 0.0
    await run
    assert len(dialer.livekit.invites) == 1
    story = dialer.calls.load_with_events(make_call().id)
    assert story is not None
    assert [event.type for event in story[1]].count("connecting") == 1


async def test_a_lane_that_another_run_holds_is_left_alone(dialer: DialerHarness) -> None:
    dialer.lanes.take(TRUNK.id, "another")
    dialer.calls.create(make_call())
    assert await dialer.run().serve(WAKE) is None
    assert dialer.livekit.invites == []


async def test_a_handover_wake_waits_for_the_old_run_to_let_go(dialer: DialerHarness) -> None:
    held = dialer.lanes.take(TRUNK.id, "old")
    assert held is not None
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(DialWakeup(TRUNK.id, handover=True)))
    await asyncio.sleep(0.05)
    dialer.lanes.release(held, 0)
    assert await run is StopReason.EMPTY
    assert len(dialer.livekit.invites) == 1


async def test_time_up_hands_over_and_finishes_its_unanswered_dials(dialer: DialerHarness) -> None:
    dialer.livekit.answer_after_s = 0.8
    for number in range(1, 6):
        dialer.calls.create(make_call(number))
    limits = replace(QUICK, claim_for_s=0.3, drain_s=0.1)
    assert await dialer.run(limits=limits).serve(WAKE) is StopReason.TIME_UP
    assert dialer.wakeups.sent == [DialWakeup(TRUNK.id, handover=True)]
    states = [dialer.load(number).state for number in range(1, 6)]
    dialled = len(dialer.livekit.invites)
    assert 0 < dialled < 5
    assert states.count(State.ACTIVE) == dialled
    assert states.count(State.QUEUED) == 5 - dialled
    assert len(dialer.line.peek(TRUNK.id, "tenant-1", 9)) == 5 - dialled
    await dialer.run("run-2").serve(dialer.wakeups.sent[0])
    assert sorted(call.id for _, call in dialer.livekit.invites) == [make_call(n).id for n in range(1, 6)]


async def test_a_run_that_loses_its_lane_dials_no_more_and_returns_what_it_prepared(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.1)
    dialer.table.write(Update(lane_key(TRUNK.id), set={"holder": "usurper", "fence": 99}))
    assert await run is StopReason.LOST
    assert dialer.livekit.invites == []
    assert (dialer.load().state, dialer.load().phase) == (State.QUEUED, None)
    assert len(dialer.line.peek(TRUNK.id, "tenant-1", 9)) == 1


async def test_livekit_that_takes_no_dispatch_keeps_the_calls_waiting(dialer: DialerHarness) -> None:
    dialer.livekit.dispatch_error = LiveKitUnavailable("connection refused")
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.3)
    assert dialer.load().state is State.QUEUED
    dialer.livekit.dispatch_error = None
    await run
    assert dialer.load().state is State.ACTIVE
    assert dialer.load().claim >= 2, "an unclear dispatch is never repeated in the same room"


async def test_a_call_that_arrives_while_the_lane_is_released_is_not_left_behind(
    dialer: DialerHarness,
) -> None:
    release = dialer.lanes.release
    arrived: list[Call] = []

    def release_and_accept(lane: HeldLane, *rest: Any) -> None:
        release(lane, *rest)
        if not arrived:
            arrived.append(make_call(2))
            dialer.calls.create(arrived[0])

    dialer.lanes.release = release_and_accept  # type: ignore[method-assign, assignment]
    dialer.calls.create(make_call(1))
    await dialer.run().serve(WAKE)
    assert dialer.load(2).state is State.ACTIVE


async def test_a_lane_that_was_slowed_stays_slow_for_its_next_run(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: answers(DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503))
    dialer.calls.create(make_call(expires_at_ms=NOW_MS + 1_000))
    await dialer.run().serve(WAKE)
    lane = dialer.lanes.take(TRUNK.id, "next")
    assert lane is not None
    assert lane.pace_factor < 0.6


async def test_a_run_that_takes_its_lane_again_and_again_ends_at_its_time(dialer: DialerHarness) -> None:
    """Work that arrives at each release would else keep one invocation until its time-out cuts its dials."""
    dialer.livekit.answer_after_s = 0.3
    dialer.calls.create(make_call(1))
    release, numbers = dialer.lanes.release, iter(range(2, 60))

    def release_as_a_call_arrives(*args: Any) -> None:
        release(*args)
        dialer.calls.create(make_call(next(numbers)))

    dialer.lanes.release = release_as_a_call_arrives  # type: ignore[method-assign, assignment]
    await dialer.run(limits=replace(QUICK, claim_for_s=3)).serve(WAKE)
    assert asyncio.get_running_loop().time() < 3 + QUICK.drain_s + 0.3
    assert dialer.wakeups.sent == [DialWakeup(TRUNK.id, handover=True)]
