"""Calls whose end LiveKit tells badly: late, not at all, or with an answer that is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_call_ends import Events
from tests.store.fixtures_reconciler import DEAD_AFTER_MS, DEAD_RUN_S, ReconcilerHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.reasons import Reason
from trunkline.calls.report_transitions import on_transcript
from trunkline.calls.states import State
from trunkline.calls.transitions import request_cancel
from trunkline.dial_queue.lease import MAX_CLOCK_SKEW_MS, RUN_LEASE_MS
from trunkline.dialer.apply_result import apply_dial_result
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.reconciler.overdue import LOOK_UP_DELAY_MS
from trunkline.reconciler.phone_call_repair import HANG_UP_PATIENCE_MS

UNKNOWN = DialAnswer(DialResult(DialResultKind.UNKNOWN))
LIMIT_S = make_call().agent.max_call_duration_s
RING_S = make_call().agent.ring_timeout_s


@pytest.fixture
def events(reconciler: ReconcilerHarness) -> Events:
    return Events(reconciler)


# Times


@pytest.mark.parametrize("late_s", [0, 8, 36])
def test_a_late_webhook_does_not_lengthen_the_talk(
    reconciler: ReconcilerHarness, events: Events, late_s: int
) -> None:
    reconciler.active()
    reconciler.clock.move_s(3 + late_s)
    call = events.callee_left(NOW_MS + 3_000)
    assert (call.reason, call.duration_s) == (Reason.USER_HANGUP, 3)


@pytest.mark.parametrize(
    ("happened_ms", "duration_s"), [(NOW_MS - 60_000, 0), (NOW_MS + 600_000, 10)], ids=["before", "after"]
)
def test_livekits_clock_is_bounded_by_ours(
    reconciler: ReconcilerHarness, events: Events, happened_ms: int, duration_s: int
) -> None:
    reconciler.active()
    reconciler.clock.move_s(10)
    assert events.callee_left(happened_ms).duration_s == duration_s


def test_a_talk_is_cut_at_its_limit_and_not_because_its_webhook_is_late(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    reconciler.active()
    reconciler.clock.move_s(LIMIT_S + 8)
    assert events.callee_left(NOW_MS + (LIMIT_S - 5) * 1000).reason is Reason.USER_HANGUP


@pytest.mark.parametrize("reason", ["CLIENT_INITIATED", "PARTICIPANT_REMOVED"])
def test_a_cut_at_the_limit_says_so_whoever_cuts(
    reconciler: ReconcilerHarness, events: Events, reason: str
) -> None:
    reconciler.active()
    reconciler.clock.move_s(LIMIT_S)
    call = events.callee_left(NOW_MS + LIMIT_S * 1000, reason)
    assert (call.reason, call.duration_s) == (Reason.MAX_DURATION_REACHED, LIMIT_S)


async def test_a_talk_past_its_limit_is_hung_up(reconciler: ReconcilerHarness) -> None:
    reconciler.active()
    reconciler.livekit.status = "active"
    reconciler.clock.move_s(LIMIT_S - 1)
    await reconciler.reconcile()
    assert reconciler.livekit.removed == []
    reconciler.clock.move_s(1)
    await reconciler.reconcile()
    assert reconciler.livekit.removed == [f"call-{make_call().id}"]


async def test_the_pass_before_the_limit_has_the_call_looked_at_when_it_is_reached(
    reconciler: ReconcilerHarness,
) -> None:
    checks: list[tuple[str, int]] = []
    phone_calls = replace(reconciler.reconciler, check_at=lambda *check: checks.append(check))
    reconciler.reconciler = phone_calls
    call = reconciler.active()
    reconciler.livekit.status = "active"
    reconciler.clock.move_s(LIMIT_S - 76)
    await reconciler.reconcile()
    assert checks == []
    reconciler.clock.move_s(1)
    await reconciler.reconcile()
    assert checks == [(call.id, NOW_MS + LIMIT_S * 1000)]


# Hard end


async def test_no_call_outlives_what_a_leg_can_last(reconciler: ReconcilerHarness) -> None:
    """A restarted LiveKit shows the callee for hours, and cannot remove it."""
    call = reconciler.active()
    reconciler.livekit.status, reconciler.livekit.is_stale = "active", True
    assert call.hard_end_ms is not None
    reconciler.clock.now_ms = call.hard_end_ms - 1
    assert await reconciler.reconcile() == {}
    reconciler.clock.now_ms += 1
    assert await reconciler.reconcile() == {"overdue": 1}
    call = reconciler.now()
    assert (call.state, call.reason, call.duration_s) == (State.DISCONNECTED, Reason.CONNECTION_LOST, None)
    _, timeline = reconciler.calls.load_with_events(call.id) or pytest.fail("no call")
    assert timeline[-1].data == {"reason": "connection_lost", "confirmed": False}


async def test_a_dial_that_livekit_shows_as_ringing_for_ever_ends_too(reconciler: ReconcilerHarness) -> None:
    call = reconciler.sent()
    reconciler.livekit.status = "ringing"
    reconciler.clock.now_ms = call.hard_end_ms or 0
    assert await reconciler.reconcile() == {"overdue": 1}
    assert (reconciler.now().state, reconciler.now().reason) == (State.FAILED, Reason.DIAL_UNKNOWN)


async def test_the_hard_end_needs_no_livekit(reconciler: ReconcilerHarness) -> None:
    call = reconciler.active()
    reconciler.livekit.down = reconciler.livekit.is_stale = True
    reconciler.clock.now_ms = call.hard_end_ms or 0
    assert await reconciler.reconcile() == {"overdue": 1}


@pytest.mark.parametrize("shown", ["active", None])
async def test_a_cancel_ends_the_call_for_its_owner_though_livekit_cannot_confirm_it(
    reconciler: ReconcilerHarness, shown: str | None
) -> None:
    call = reconciler.active()
    reconciler.livekit.status, reconciler.livekit.is_stale = shown, True
    reconciler.clock.move_s(31)
    requested = request_cancel(call, reconciler.clock.now_ms)
    assert requested is not None
    reconciler.calls.apply(call, requested, reconciler.clock.now_ms)
    assert await reconciler.reconcile() == {}, "LiveKit is given a minute"
    reconciler.clock.move_s(HANG_UP_PATIENCE_MS / 1000)
    assert await reconciler.reconcile() == {"hang_up_unconfirmed": 1}
    assert (reconciler.now().state, reconciler.now().reason) == (State.COMPLETED, Reason.HANGUP_REQUESTED)
    assert reconciler.now().end_unconfirmed is True


# The dial's lost answer


async def test_what_the_agent_said_stands_in_for_a_lost_answer(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    call = reconciler.sent()
    told = on_transcript(call, NOW_MS + 4_000, dial_is_awaited=True)
    assert told is not None
    call = reconciler.calls.apply(call, told, NOW_MS + 4_000)
    lost = apply_dial_result(call, UNKNOWN, NOW_MS + 50_000)
    assert lost is not None
    call = reconciler.calls.apply(call, lost, NOW_MS + 50_000)
    assert (call.state, call.answered_at_ms) == (State.ACTIVE, NOW_MS + 4_000)
    reconciler.clock.move_s(60)
    assert events.callee_left(NOW_MS + 60_000).duration_s == 56


def test_an_end_that_comes_before_the_lost_answer_keeps_the_talk(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    call = reconciler.sent()
    told = on_transcript(call, NOW_MS + 4_000, dial_is_awaited=True)
    assert told is not None
    reconciler.calls.apply(call, told, NOW_MS + 4_000)
    reconciler.clock.move_s(7)
    call = events.callee_left(NOW_MS + 7_000)
    assert (call.state, call.answered_at_ms, call.duration_s) == (State.COMPLETED, NOW_MS + 4_000, 3)


def test_a_duration_that_nobody_knows_is_null_and_not_zero(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    reconciler.sent()
    reconciler.clock.move_s(7)
    call = events.callee_left(NOW_MS + 7_000)
    assert (call.state, call.reason, call.duration_s) == (State.COMPLETED, Reason.USER_HANGUP, None)


async def test_an_adopted_call_does_not_invent_its_answer(reconciler: ReconcilerHarness) -> None:
    reconciler.sent()
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
    reconciler.livekit.status = "active"
    assert await reconciler.reconcile() == {"adopted": 1}
    assert (reconciler.now().state, reconciler.now().answered_at_ms) == (State.ACTIVE, None)


def test_the_rooms_end_applies_the_end_that_a_dead_dial_left(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    reconciler.sent()
    events.run_alive = True
    reconciler.clock.move_s(3)
    assert events.callee_left(NOW_MS + 3_000).state is State.CONNECTING, "its dial may still answer"
    assert events.checks == [(make_call().id, reconciler.clock.now_ms + RUN_LEASE_MS + MAX_CLOCK_SKEW_MS + 1)]
    events.run_alive = False
    reconciler.clock.move_s(20)
    call = events.hear("room_finished", NOW_MS + 23_000)
    assert (call.state, call.reason) == (State.COMPLETED, Reason.USER_HANGUP)
    assert call.ended_at_ms == NOW_MS + 3_000


# Ids


def test_a_late_join_overwrites_no_ids_of_an_ended_call(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    reconciler.active()
    reconciler.clock.move_s(3)
    events.hear("participant_joined", NOW_MS, sip_participant_id="PA_1", sip_call_id="SCL_1")
    events.callee_left(NOW_MS + 3_000)
    call = events.hear("participant_joined", NOW_MS, sip_participant_id="PA_2", sip_call_id="SCL_2")
    assert (call.sip_participant_id, call.sip_call_id) == ("PA_1", "SCL_1")
    assert call.attempts[-1].sip_call_id == "SCL_1"


async def test_a_kept_end_is_applied_by_the_next_pass_with_its_own_time(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    reconciler.sent()
    events.run_alive = True
    reconciler.clock.move_s(3)
    events.callee_left(NOW_MS + 3_000)
    reconciler.clock.move_s(DEAD_RUN_S)
    assert await reconciler.reconcile() == {"kept_ending_applied": 1}
    assert reconciler.now().ended_at_ms == NOW_MS + 3_000
