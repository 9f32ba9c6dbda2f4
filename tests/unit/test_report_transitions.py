"""Agents' reports: shuffled, repeated and lost, they never move a call backwards."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import make_call, make_web_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.report_schemas import AnsweringMachine
from trunkline.calls.report_transitions import (
    on_agent_changed,
    on_answering_machine,
    on_ended_by_agent,
    on_summary,
    on_transcript,
)
from trunkline.calls.responses import agent_history
from trunkline.calls.states import State
from trunkline.calls.transitions import answer_call, claim_call, end_call, record_intent
from trunkline.calls.value_objects import AgentTurn, Ending

ORDER = [State.PENDING, State.QUEUED, State.CONNECTING, State.ACTIVE]
Report = Callable[[Call], Change | None]


def ringing() -> Call:
    call = claim_call(make_call(), "run", "room").call
    return record_intent(call, NOW_MS, intent="i", token_expires_at_ms=1).call


def test_an_answer_counts_when_no_dialer_awaits_it() -> None:
    kept = on_transcript(ringing(), NOW_MS, dial_is_awaited=True)
    assert kept is not None
    assert (kept.call.state, kept.call.answer_reported_at_ms) == (State.CONNECTING, NOW_MS)
    assert on_transcript(kept.call, NOW_MS + 1, dial_is_awaited=True) is None, "the first report counts"
    change = on_transcript(ringing(), NOW_MS, dial_is_awaited=False)
    assert change is not None
    assert change.call.state is State.ACTIVE
    assert on_transcript(change.call, NOW_MS, dial_is_awaited=False) is None
    assert on_transcript(make_call(), NOW_MS, dial_is_awaited=False) is None


def test_changes_of_agent_are_ordered_by_their_numbers() -> None:
    turns = [AgentTurn(n, name, NOW_MS) for n, name in enumerate(["support", "greeter", "closer"], 1)]
    for order in range(6):
        call = answer_call(ringing(), NOW_MS).call
        for turn in random.Random(order).sample(turns, 3):
            change = on_agent_changed(call, turn)
            assert change is not None
            call = change.call
            assert on_agent_changed(call, turn) is None
        assert agent_history(call) == ["Ada", "support", "greeter", "closer"]


def test_a_phone_call_that_its_agent_ends_goes_on_until_the_leg_has_left() -> None:
    call = answer_call(ringing(), NOW_MS).call
    change = on_ended_by_agent(call, "done", NOW_MS)
    assert change is not None
    assert (change.call.state, change.call.agent_end_reason) == (State.ACTIVE, "done")
    assert on_ended_by_agent(change.call, "again", NOW_MS) is None


def test_a_phone_call_that_was_not_dialled_is_not_ended_by_its_agent() -> None:
    assert on_ended_by_agent(claim_call(make_call(), "run", "room").call, "no", NOW_MS) is None


@pytest.mark.parametrize("talks", [True, False])
def test_a_web_call_that_its_agent_ends_is_over(talks: bool) -> None:
    call = make_web_call()
    if talks:
        change = on_transcript(call, NOW_MS, dial_is_awaited=False)
        assert change is not None
        call = change.call
    over = on_ended_by_agent(call, "done", NOW_MS)
    assert over is not None
    assert over.call.state is (State.COMPLETED if talks else State.FAILED)


REPORTS: dict[str, Report] = {
    "answered": lambda call: on_transcript(call, NOW_MS, dial_is_awaited=False),
    "awaited": lambda call: on_transcript(call, NOW_MS, dial_is_awaited=True),
    "one": lambda call: on_agent_changed(call, AgentTurn(1, "support", NOW_MS)),
    "two": lambda call: on_agent_changed(call, AgentTurn(2, "greeter", NOW_MS)),
    "summary": lambda call: on_summary(call, "fine"),
    "human": lambda call: on_answering_machine(call, "human"),
    "ended": lambda call: on_ended_by_agent(call, "done", NOW_MS),
    "left": lambda call: (
        None if call.is_terminal else end_call(call, Ending(State.FAILED, Reason.DIAL_UNKNOWN), NOW_MS)
    ),
}


@given(
    st.sampled_from([ringing(), make_web_call(), answer_call(ringing(), NOW_MS).call]),
    st.lists(st.sampled_from(sorted(REPORTS)), max_size=30),
)
def test_no_order_of_reports_moves_a_call_backwards(call: Call, names: list[str]) -> None:
    for name in names:
        change = REPORTS[name](call)
        if change is None:
            continue
        if call.is_terminal:
            assert change.call.state is call.state
        elif not change.call.is_terminal:
            assert ORDER.index(change.call.state) >= ORDER.index(call.state)
        again = REPORTS[name](change.call)
        assert again is None, "a repeat changes nothing"
        call = change.call


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("machine", Reason.VOICEMAIL_REACHED),
        ("machine-vm", Reason.VOICEMAIL_REACHED),
        ("machine-unavailable", Reason.VOICEMAIL_REACHED),
        ("machine-ivr", Reason.AGENT_HANGUP),
        ("uncertain", Reason.AGENT_HANGUP),
        ("human", Reason.AGENT_HANGUP),
    ],
)
def test_livekits_words_for_who_picked_up_are_taken(word: str, reason: Reason) -> None:
    report = AnsweringMachine.model_validate({"type": "answering_machine", "result": word})
    reported = on_answering_machine(answer_call(ringing(), NOW_MS).call, report.result)
    assert reported is not None
    ending = Ending(State.COMPLETED, Reason.AGENT_HANGUP)
    assert end_call(reported.call, ending, NOW_MS).call.reason is reason
