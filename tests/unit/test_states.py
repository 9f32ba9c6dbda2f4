"""A call's life: which state may follow which, and what each is called outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.attributes import call_attributes, call_from_attributes
from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, Phase, State, may_follow, status_detail, status_v1
from trunkline.calls.transitions import (
    IllegalTransition,
    answer_call,
    claim_call,
    end_call,
    finish_attempt,
    move,
    record_intent,
    requeue,
    store_pending_ending,
)
from trunkline.calls.value_objects import Ending
from trunkline.core.timestamps import iso_from_ms

GUIDE_ENDS = {"completed", "failed", "disconnected", "timeout"}
OUTBOUND_ENDS = {"completed", "failed", "cancelled"}


@pytest.mark.parametrize("state", list(State))
def test_each_documents_polling_loop_ends_exactly_when_the_call_has_ended(state: State) -> None:
    assert (status_v1(state) in GUIDE_ENDS) == (state in TERMINAL)
    assert (status_detail(state) in OUTBOUND_ENDS) == (state in TERMINAL)


@given(st.sampled_from(sorted(TERMINAL)), st.sampled_from(list(State)))
def test_a_terminal_state_never_changes(ended_state: State, other: State) -> None:
    assert not may_follow(ended_state, other)
    with pytest.raises(IllegalTransition):
        move(make_call(state=ended_state), other, NOW_MS)


def test_the_usual_life_of_a_call() -> None:
    call = make_call()
    call = claim_call(call, "run", "call-x").call
    assert (call.state, call.phase, call.claim) == (State.QUEUED, Phase.PREPARED, 1)
    call = record_intent(call, NOW_MS + 1, intent="i", token_expires_at_ms=1, dispatch_id="AD_1").call
    assert (call.state, call.phase, call.connecting_at_ms) == (State.CONNECTING, Phase.SENT, NOW_MS + 1)
    call = answer_call(call, NOW_MS + 1_000, sip_participant_id="PA_1").call
    assert (call.state, call.phase, call.owner) == (State.ACTIVE, Phase.SETTLED, None)
    call = end_call(call, Ending(State.COMPLETED, Reason.USER_HANGUP), NOW_MS + 4_500).call
    assert (call.state, call.duration_s) == (State.COMPLETED, 3)


def test_a_missed_slot_is_intended_again_without_a_second_event() -> None:
    call = record_intent(
        claim_call(make_call(), "run", "r").call, NOW_MS, intent="1", token_expires_at_ms=1
    ).call
    again = record_intent(call, NOW_MS + 9, intent="2", token_expires_at_ms=2)
    assert again.events == ()
    assert (again.call.intent, again.call.token_expires_at_ms) == ("2", 2)
    assert again.call.connecting_at_ms == NOW_MS


def test_a_returned_call_keeps_its_place_and_forgets_its_claim() -> None:
    call = record_intent(
        claim_call(make_call(), "run", "r").call, NOW_MS, intent="1", token_expires_at_ms=1
    ).call
    back = requeue(call, NOW_MS, why="carrier_too_fast")
    assert back.call.is_waiting
    assert back.call.queue_position == call.queue_position
    assert (back.call.state, back.call.phase, back.call.room_name) == (State.QUEUED, None, None)
    assert back.call.claim == 1, "the next claim must be another, with another room"


def test_when_an_attempt_was_prepared_is_told_with_its_dial() -> None:
    claimed = claim_call(make_call(), "run", "r", claimed_at_ms=NOW_MS).call
    dialled = record_intent(claimed, NOW_MS + 2_000, intent="1", token_expires_at_ms=1)
    assert dialled.events[0].data == {"preparing_at": iso_from_ms(NOW_MS)}
    assert requeue(dialled.call, NOW_MS, why="not_sent").call.claimed_at_ms is None
    unprepared = finish_attempt(claimed, Ending(State.FAILED, Reason.AGENT_UNAVAILABLE), NOW_MS + 9).call
    assert (unprepared.claimed_at_ms, unprepared.connecting_at_ms) == (NOW_MS, None)


def test_a_call_that_ends_while_waiting_leaves_the_line_with_it() -> None:
    ending = Ending(State.TIMEOUT, Reason.EXPIRED)
    assert make_call().is_waiting
    assert not end_call(make_call(), ending, NOW_MS).call.is_waiting


def test_an_answer_and_a_kept_end_are_one_write_with_both_events() -> None:
    call = record_intent(
        claim_call(make_call(), "run", "r").call, NOW_MS, intent="1", token_expires_at_ms=1
    ).call
    call = store_pending_ending(call, Ending(State.COMPLETED, Reason.USER_HANGUP)).call
    up = answer_call(call, NOW_MS + 5)
    both = up.merge(end_call(up.call, Ending(State.COMPLETED, Reason.USER_HANGUP), NOW_MS + 9))
    assert [event.type for event in both.events] == ["active", "completed"]


def test_a_call_survives_the_table() -> None:
    call = store_pending_ending(
        claim_call(make_call(), "run", "r").call, Ending(State.FAILED, Reason.DIAL_BUSY)
    ).call
    assert call_from_attributes(call_attributes(call) | {"pk": "C#1", "sk": "CALL"}) == call
