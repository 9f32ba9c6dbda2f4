"""Redials and windows: an attempt's end, the wait outside the line, and the way back into it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from tests.store.fixtures_dialer import BUSY, SOON, UP, WAKE, DialerHarness, make_cancel_service
from tests.store.fixtures_outbound import ME
from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import SNAPSHOT, TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.stubs import GUARD
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.calling_window import DAYS, CallingWindow
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import MAX_RETURNS, claim_call, defer, finish_attempt, record_intent
from trunkline.calls.value_objects import Ending, WaitsFor
from trunkline.dialer.lane_run import StopReason
from trunkline.dialer.queue_reader import enqueue_due_calls
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.storage.table import Table

TOO_FAST = DialAnswer(DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503, "CPS limit exceeded"))
LATER = RedialPolicy(3, ("busy", "unknown"), (600,))
BUSY_END = Ending(State.FAILED, Reason.DIAL_BUSY)
# NOW_MS is a Tuesday, 22:13 UTC.
NIGHT = CallingWindow("09:00", "20:00", DAYS, ("UTC",))


def sent(calls: Any, **changes: Any) -> Call:
    call = make_call(**changes)
    calls.create(call)
    call = calls.apply(call, claim_call(call, "run-1", "r"), NOW_MS)
    after: Call = calls.apply(
        call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=NOW_MS), NOW_MS
    )
    return after


async def test_a_busy_callee_is_dialled_again_until_it_answers(dialer: DialerHarness) -> None:
    answers = iter([BUSY, BUSY])
    dialer.livekit.answer = lambda _: next(answers, UP)
    dialer.calls.create(make_call(redial=SOON))
    for run in range(3):
        dialer.clock.move_s(1.5)
        await dialer.run(f"run-{run}").serve(WAKE)
    call = dialer.load()
    assert (call.state, call.claim, call.sip_status_code) == (State.ACTIVE, 3, None)
    assert [(past.number, past.reason, past.sip_status_code) for past in call.attempts] == [
        (1, Reason.DIAL_BUSY, 486),
        (2, Reason.DIAL_BUSY, 486),
    ]
    rooms = [made.room_name for _, made in dialer.livekit.invites]
    assert rooms == [f"call-{call.id}", f"call-{call.id}-2", f"call-{call.id}-3"]
    assert dialer.livekit.deleted_rooms == rooms[:2]


async def test_the_last_attempt_ends_the_call_with_its_own_reason(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: BUSY
    dialer.calls.create(make_call(redial=RedialPolicy(2, ("busy",), (1,))))
    for run in range(3):
        await dialer.run(f"run-{run}").serve(WAKE)
        dialer.clock.move_s(1.5)
    call = dialer.load()
    assert (call.state, call.reason, call.sip_status_code) == (State.FAILED, Reason.DIAL_BUSY, 486)
    assert [past.number for past in call.attempts] == [1, 2]
    assert len(dialer.livekit.invites) == 2


async def test_while_it_waits_it_is_out_of_the_line_and_its_trunk_is_woken_at_its_moment(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: BUSY
    dialer.calls.create(make_call(redial=LATER))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    call = dialer.load()
    assert (call.state, call.waits_for) == (State.QUEUED, WaitsFor.RETRY)
    assert dialer.line.peek(TRUNK.id, "tenant-1", 5) == []
    assert dialer.wakeups.sent == [WAKE]
    assert dialer.wakeups.delays_s in ([599], [600])
    story = dialer.calls.load_with_events(call.id)
    assert story is not None
    assert story[1][-1].type == "queued"
    assert story[1][-1].data["reason"] == "dial_busy"


async def test_a_redial_that_would_come_after_the_deadline_is_not_waited_for(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: BUSY
    dialer.calls.create(make_call(redial=LATER, expires_at_ms=NOW_MS + 300_000))
    await dialer.run().serve(WAKE)
    assert (dialer.load().state, dialer.load().reason) == (State.FAILED, Reason.DIAL_BUSY)


async def test_a_reason_that_is_not_named_ends_the_call(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: DialAnswer(DialResult(DialResultKind.FAILED, Reason.USER_DECLINED, 603))
    dialer.calls.create(make_call(redial=SOON))
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.FAILED


async def test_an_agent_that_did_not_come_can_be_tried_again(dialer: DialerHarness) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call(redial=SOON, agent=replace(SNAPSHOT, agent_join_timeout_s=1)))
    await dialer.run().serve(WAKE)
    call = dialer.load()
    assert (call.state, call.attempts[0].reason) == (State.QUEUED, Reason.AGENT_UNAVAILABLE)


async def test_too_fast_spends_no_attempt(dialer: DialerHarness) -> None:
    answers = iter([TOO_FAST])
    dialer.livekit.answer = lambda _: next(answers, BUSY)
    dialer.calls.create(make_call(redial=LATER))
    await dialer.run().serve(WAKE)
    dialer.clock.move_s(1.5)
    await dialer.run("run-2").serve(WAKE)
    call = dialer.load()
    assert [(past.number, past.returned) for past in call.attempts] == [(1, True), (1, False)]
    assert call.attempts_made == 1


async def test_a_call_waits_longer_at_each_refusal_of_its_pace_and_keeps_its_position(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: TOO_FAST
    dialer.calls.create(make_call())
    waits_ms = []
    for run in range(3):
        await dialer.run(f"run-{run}").serve(WAKE)
        call = dialer.load()
        assert (call.state, call.waits_for, call.sip_status_code) == (State.QUEUED, WaitsFor.CARRIER, 503)
        assert call.queue_position == make_call().queue_position
        assert call.due_ms
        waits_ms.append(call.due_ms - dialer.clock.wall_ms())
        dialer.clock.move_s(waits_ms[-1] / 1000 + 0.5)
    assert [round(wait_ms, -3) for wait_ms in waits_ms] == [1_000, 2_000, 4_000]
    assert len(dialer.livekit.invites) == 3


async def test_a_call_whose_pace_is_refused_again_and_again_ends_with_the_carriers_words(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: TOO_FAST
    dialer.calls.create(make_call(expires_at_ms=NOW_MS + 7_200_000))
    for run in range(MAX_RETURNS + 5):
        await dialer.run(f"run-{run}").serve(WAKE)
        dialer.clock.move_s(61)
    call = dialer.load()
    assert (call.state, call.reason, call.sip_status_code) == (State.FAILED, Reason.TRUNK_REJECTED, 503)
    assert [past.returned for past in call.attempts] == [True] * MAX_RETURNS + [False]
    assert {past.detail for past in call.attempts} == {"CPS limit exceeded"}
    assert len(dialer.livekit.invites) == MAX_RETURNS + 1


async def test_a_call_that_would_expire_before_its_next_invite_ends_with_the_code(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: TOO_FAST
    dialer.calls.create(make_call(expires_at_ms=NOW_MS + 900))
    await dialer.run().serve(WAKE)
    call = dialer.load()
    assert (call.state, call.reason, call.sip_status_code) == (State.FAILED, Reason.TRUNK_REJECTED, 503)
    assert len(call.attempts) == 1


async def test_a_call_outside_its_window_is_not_dialled_before_it_opens(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call(window=NIGHT, expires_at_ms=NOW_MS + 24 * 3_600_000))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    call = dialer.load()
    assert (call.state, call.waits_for) == (State.QUEUED, WaitsFor.WINDOW)
    assert dialer.livekit.invites == []
    dialer.clock.move_s(11 * 3600)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.load().state is State.ACTIVE


async def test_a_cancel_while_it_waits_for_its_moment_is_final(dialer: DialerHarness) -> None:
    dialer.livekit.answer = lambda _: BUSY
    dialer.calls.create(make_call(redial=SOON))
    await dialer.run().serve(WAKE)
    make_cancel_service(dialer).cancel(ME, make_call().id)
    dialer.clock.move_s(5)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.load().state is State.CANCELLED
    assert len(dialer.livekit.invites) == 1
    assert dialer.calls.due_ids(TRUNK.id, NOW_MS * 2, 50) == []


async def test_a_cancel_asked_for_while_it_rang_leaves_no_redial(dialer: DialerHarness) -> None:
    def cancel_and_fail(call: Call) -> DialAnswer:
        make_cancel_service(dialer).cancel(ME, call.id)
        return BUSY

    dialer.livekit.answer = cancel_and_fail
    dialer.calls.create(make_call(redial=SOON))
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.CANCELLED


def test_a_due_call_is_let_in_once_at_the_end_of_its_priority(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    call = sent(reconciler.calls, redial=LATER)
    over = finish_attempt(call, BUSY_END, NOW_MS, sip_status_code=486)
    reconciler.calls.apply(call, over, NOW_MS)
    other = make_call(2)
    reconciler.calls.create(other)
    due = NOW_MS + 600_000
    assert enqueue_due_calls(reconciler.calls, TRUNK.id, due - 1, GUARD) == 0
    assert enqueue_due_calls(reconciler.calls, TRUNK.id, due, GUARD) == 1
    assert enqueue_due_calls(reconciler.calls, TRUNK.id, due, GUARD) == 0
    ids = [place.call_id for place in reconciler.line.peek(TRUNK.id, "tenant-1", 5)]
    assert ids == [other.id, call.id]
    assert reconciler.now().waits_for is None


async def test_the_reconciler_lets_due_calls_in_and_wakes_their_line(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    call = sent(reconciler.calls, redial=LATER)
    reconciler.calls.apply(call, finish_attempt(call, BUSY_END, NOW_MS), NOW_MS)
    assert await reconciler.reconcile() == {}
    reconciler.clock.move_s(601)
    repairs = await reconciler.reconcile()
    assert (repairs["due_let_in"], repairs["line_woken"]) == (1, 1)


async def test_a_call_that_waits_for_a_moment_still_expires(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    reconciler.calls.create(make_call())
    late = reconciler.calls.apply(
        make_call(), defer(make_call(), make_call().expires_at_ms, WaitsFor.WINDOW), NOW_MS
    )
    reconciler.clock.now_ms = late.expires_at_ms + 1
    assert (await reconciler.reconcile())["expired"] == 1
    assert (reconciler.now().state, reconciler.now().reason) == (State.TIMEOUT, Reason.EXPIRED)


async def test_an_unknown_dial_is_tried_again_only_after_the_look_up_and_only_if_asked_for(
    table: Table,
) -> None:
    reconciler = ReconcilerHarness(table)
    sent(reconciler.calls, redial=LATER)
    reconciler.clock.move_s(90)
    assert (await reconciler.reconcile())["dial_unknown"] == 1
    assert (reconciler.now().state, reconciler.now().attempts[0].reason) == (
        State.QUEUED,
        Reason.DIAL_UNKNOWN,
    )
    make_cancel_service(reconciler).cancel(ME, make_call().id)
    assert reconciler.now().state is State.CANCELLED


async def test_a_call_that_waits_too_long_for_its_agent_is_not_dialled_after_its_deadline(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call(expires_at_ms=dialer.clock.wall_ms() + 400))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.6)
    dialer.livekit.agent_joins = True
    await run
    assert (dialer.load().state, dialer.load().reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert dialer.livekit.invites == []
    assert dialer.livekit.deleted_rooms == [f"call-{make_call().id}"]
