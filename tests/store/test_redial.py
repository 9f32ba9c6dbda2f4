"""Redials and windows: an attempt's end, the wait outside the line, and the way back into it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from tests.builders import NOW_MS, SNAPSHOT, TRUNK, RealClockAt, a_call
from tests.store.conftest import Bench
from tests.store.test_cancel import ME, desk, desk_of
from tests.store.test_reconciler import Scene
from trunkline.calls.calling_policy import DAYS, CallingWindow, RedialPolicy
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import claim_call, defer, finish_attempt, record_intent
from trunkline.calls.value_objects import Ending, WaitsFor
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import Stop
from trunkline.dialer.queue_reader import enqueue_due_calls
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.storage.table import Table

WAKE = DialWakeup(TRUNK.id)
SOON = RedialPolicy(3, ("busy", "unknown", "agent_unavailable"), (1,))
LATER = RedialPolicy(3, ("busy", "unknown"), (600,))
BUSY = DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486))
BUSY_END = Ending(State.FAILED, Reason.DIAL_BUSY)
UP = DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")
# NOW_MS is a Tuesday, 22:13 UTC.
NIGHT = CallingWindow("09:00", "20:00", DAYS, ("UTC",))


def load(bench: Any, number: int = 1) -> Call:
    call: Call | None = bench.calls.load(a_call(number).id)
    assert call is not None
    return call


def move_s(bench: Bench, seconds: float) -> None:
    assert isinstance(bench.clock, RealClockAt)
    bench.clock.move_s(seconds)


def sent(calls: Any, **changes: Any) -> Call:
    call = a_call(**changes)
    calls.accept(call)
    call = calls.change(call, claim_call(call, "run-1", "r"), NOW_MS)
    after: Call = calls.change(call, record_intent(call, NOW_MS, intent="i", dead_after_ms=NOW_MS), NOW_MS)
    return after


async def test_a_busy_callee_is_dialled_again_until_it_answers(bench: Bench) -> None:
    answers = iter([BUSY, BUSY])
    bench.livekit.answer = lambda _: next(answers, UP)
    bench.calls.accept(a_call(redial=SOON))
    for run in range(3):
        move_s(bench, 1.5)
        await bench.run(f"run-{run}").serve(WAKE)
    call = load(bench)
    assert (call.state, call.claim, call.sip_status_code) == (State.ACTIVE, 3, None)
    assert [(past.number, past.reason, past.sip_status_code) for past in call.attempts] == [
        (1, Reason.DIAL_BUSY, 486),
        (2, Reason.DIAL_BUSY, 486),
    ]
    rooms = [made.room_name for _, made in bench.livekit.invites]
    assert rooms == [f"call-{call.id}", f"call-{call.id}-2", f"call-{call.id}-3"]
    assert bench.livekit.deleted_rooms == rooms[:2]


async def test_the_last_attempt_ends_the_call_with_its_own_reason(bench: Bench) -> None:
    bench.livekit.answer = lambda _: BUSY
    bench.calls.accept(a_call(redial=RedialPolicy(2, ("busy",), (1,))))
    for run in range(3):
        await bench.run(f"run-{run}").serve(WAKE)
        move_s(bench, 1.5)
    call = load(bench)
    assert (call.state, call.reason, call.sip_status_code) == (State.FAILED, Reason.DIAL_BUSY, 486)
    assert [past.number for past in call.attempts] == [1, 2]
    assert len(bench.livekit.invites) == 2


async def test_while_it_waits_it_is_out_of_the_line_and_its_trunk_is_woken_at_its_moment(
    bench: Bench,
) -> None:
    bench.livekit.answer = lambda _: BUSY
    bench.calls.accept(a_call(redial=LATER))
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    call = load(bench)
    assert (call.state, call.waits_for) == (State.QUEUED, WaitsFor.RETRY)
    assert bench.line.head(TRUNK.id, "tenant-1", 5) == []
    assert bench.wakes.sent == [WAKE]
    assert bench.wakes.delays_s in ([599], [600])
    story = bench.calls.story(call.id)
    assert story is not None
    assert story[1][-1].type == "queued"
    assert story[1][-1].data["reason"] == "dial_busy"


async def test_a_redial_that_would_come_after_the_deadline_is_not_waited_for(bench: Bench) -> None:
    bench.livekit.answer = lambda _: BUSY
    bench.calls.accept(a_call(redial=LATER, expires_at_ms=NOW_MS + 300_000))
    await bench.run().serve(WAKE)
    assert (load(bench).state, load(bench).reason) == (State.FAILED, Reason.DIAL_BUSY)


async def test_a_reason_that_is_not_named_ends_the_call(bench: Bench) -> None:
    bench.livekit.answer = lambda _: DialAnswer(DialResult(DialResultKind.FAILED, Reason.USER_DECLINED, 603))
    bench.calls.accept(a_call(redial=SOON))
    await bench.run().serve(WAKE)
    assert load(bench).state is State.FAILED


async def test_an_agent_that_did_not_come_can_be_tried_again(bench: Bench) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call(redial=SOON, agent=replace(SNAPSHOT, agent_join_timeout_s=1)))
    await bench.run().serve(WAKE)
    call = load(bench)
    assert (call.state, call.attempts[0].reason) == (State.QUEUED, Reason.AGENT_UNAVAILABLE)


async def test_too_fast_spends_no_attempt(bench: Bench) -> None:
    answers = iter([DialAnswer(DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503))])
    bench.livekit.answer = lambda _: next(answers, BUSY)
    bench.calls.accept(a_call(redial=LATER))
    await bench.run().serve(WAKE)
    assert [past.number for past in load(bench).attempts] == [1]


async def test_a_call_outside_its_window_is_not_dialled_before_it_opens(bench: Bench) -> None:
    bench.calls.accept(a_call(window=NIGHT, expires_at_ms=NOW_MS + 24 * 3_600_000))
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    call = load(bench)
    assert (call.state, call.waits_for) == (State.QUEUED, WaitsFor.WINDOW)
    assert bench.livekit.invites == []
    move_s(bench, 11 * 3600)
    await bench.run("run-2").serve(WAKE)
    assert load(bench).state is State.ACTIVE


async def test_a_cancel_while_it_waits_for_its_moment_is_final(bench: Bench) -> None:
    bench.livekit.answer = lambda _: BUSY
    bench.calls.accept(a_call(redial=SOON))
    await bench.run().serve(WAKE)
    desk(bench).cancel(ME, a_call().id)
    move_s(bench, 5)
    await bench.run("run-2").serve(WAKE)
    assert load(bench).state is State.CANCELLED
    assert len(bench.livekit.invites) == 1
    assert bench.calls.due_call_ids(TRUNK.id, NOW_MS * 2, 50) == []


async def test_a_cancel_asked_for_while_it_rang_leaves_no_redial(bench: Bench) -> None:
    def cancel_and_fail(call: Call) -> DialAnswer:
        desk(bench).cancel(ME, call.id)
        return BUSY

    bench.livekit.answer = cancel_and_fail
    bench.calls.accept(a_call(redial=SOON))
    await bench.run().serve(WAKE)
    assert load(bench).state is State.CANCELLED


def test_a_due_call_is_let_in_once_at_the_end_of_its_priority(table: Table) -> None:
    scene = Scene(table)
    call = sent(scene.calls, redial=LATER)
    over = finish_attempt(call, BUSY_END, NOW_MS, sip_status_code=486)
    scene.calls.change(call, over, NOW_MS)
    other = a_call(2)
    scene.calls.accept(other)
    due = NOW_MS + 600_000
    assert enqueue_due_calls(scene.calls, TRUNK.id, due - 1) == 0
    assert enqueue_due_calls(scene.calls, TRUNK.id, due) == 1
    assert enqueue_due_calls(scene.calls, TRUNK.id, due) == 0
    ids = [place.call_id for place in scene.line.head(TRUNK.id, "tenant-1", 5)]
    assert ids == [other.id, call.id]
    assert scene.now().waits_for is None


async def test_the_reconciler_lets_due_calls_in_and_wakes_their_line(table: Table) -> None:
    scene = Scene(table)
    call = sent(scene.calls, redial=LATER)
    scene.calls.change(call, finish_attempt(call, BUSY_END, NOW_MS), NOW_MS)
    assert await scene.walk() == {}
    scene.clock.move_s(601)
    repairs = await scene.walk()
    assert (repairs["due_let_in"], repairs["line_woken"]) == (1, 1)


async def test_a_call_that_waits_for_a_moment_still_expires(table: Table) -> None:
    scene = Scene(table)
    scene.calls.accept(a_call())
    late = scene.calls.change(a_call(), defer(a_call(), a_call().expires_at_ms, WaitsFor.WINDOW), NOW_MS)
    scene.clock.now_ms = late.expires_at_ms + 1
    assert (await scene.walk())["expired"] == 1
    assert (scene.now().state, scene.now().reason) == (State.TIMEOUT, Reason.EXPIRED)


async def test_an_unknown_dial_is_tried_again_only_after_the_look_up_and_only_if_asked_for(
    table: Table,
) -> None:
    scene = Scene(table)
    sent(scene.calls, redial=LATER)
    scene.clock.move_s(90)
    assert (await scene.walk())["dial_unknown"] == 1
    assert (scene.now().state, scene.now().attempts[0].reason) == (State.QUEUED, Reason.DIAL_UNKNOWN)
    desk_of(scene).cancel(ME, a_call().id)
    assert scene.now().state is State.CANCELLED


async def test_a_call_that_waits_too_long_for_its_agent_is_not_dialled_after_its_deadline(
    bench: Bench,
) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call(expires_at_ms=bench.clock.wall_ms() + 400))
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.6)
    bench.livekit.agent_joins = True
    await run
    assert (load(bench).state, load(bench).reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert bench.livekit.invites == []
    assert bench.livekit.deleted_rooms == [f"call-{a_call().id}"]
