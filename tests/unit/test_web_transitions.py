"""A web call's life, whatever the order, number and loss of its events."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call, request_cancel
from trunkline.calls.value_objects import Ending
from trunkline.calls.web_transitions import (
    activate,
    on_agent_joined,
    on_caller_joined,
    on_caller_left,
    on_room_finished,
)

ORDER = [State.PENDING, State.CONNECTING, State.ACTIVE]


def after(call: Call, *changes: Any) -> Call:
    for change in changes:
        made: Change | None = change(call)
        call = made.call if made else call
    return call


def came(call: Call) -> Change | None:
    return on_caller_joined(call, NOW_MS + 1)


def agent(call: Call) -> Change | None:
    return on_agent_joined(call, "AJ_1", NOW_MS + 2)


def left(reason: str = "CLIENT_INITIATED") -> Any:
    return lambda call: on_caller_left(call, reason, NOW_MS + 9)


def test_a_call_connects_when_the_person_joins_and_is_active_with_the_agent() -> None:
    assert after(make_web_call(), came).state is State.CONNECTING
    call = after(make_web_call(), came, agent)
    assert (call.state, call.agent_job_id, call.answered_at_ms) == (State.ACTIVE, "AJ_1", NOW_MS + 2)


def test_an_agent_that_is_heard_of_first_waits_for_the_person() -> None:
    assert after(make_web_call(), agent).state is State.PENDING
    both = came(after(make_web_call(), agent))
    assert both is not None
    assert both.call.state is State.ACTIVE
    assert [event.type for event in both.events] == ["connecting", "active"]


def test_leaving_says_why() -> None:
    talk = after(make_web_call(), came, agent)
    for reason, state, why in (
        ("CLIENT_INITIATED", State.COMPLETED, Reason.USER_HANGUP),
        ("ROOM_DELETED", State.COMPLETED, Reason.AGENT_HANGUP),
        ("CONNECTION_TIMEOUT", State.DISCONNECTED, Reason.CONNECTION_LOST),
    ):
        over = after(talk, left(reason))
        assert (over.state, over.reason) == (state, why)
    assert after(talk, left("DUPLICATE_IDENTITY")) == talk
    early = after(make_web_call(), came, left())
    assert (early.state, early.reason, early.attempts) == (State.FAILED, Reason.LEFT_BEFORE_ANSWER, ())
    assert after(make_web_call(), came, left("SIGNAL_CLOSE")).reason is Reason.CONNECTION_LOST


def test_a_room_that_closed_without_a_word() -> None:
    def closed(call: Call) -> Change | None:
        return on_room_finished(call, NOW_MS + 9)

    assert after(make_web_call(), closed).state is State.PENDING
    assert after(make_web_call(), came, agent, closed).reason is Reason.END_NOT_REPORTED
    assert after(make_web_call(), came, closed).state is State.FAILED


def test_cancelling_ends_a_web_call_at_once() -> None:
    def cancel(call: Call) -> Change | None:
        return request_cancel(call, NOW_MS + 5)

    assert after(make_web_call(), cancel).state is State.CANCELLED
    assert after(make_web_call(), came, cancel).state is State.CANCELLED
    talk = after(make_web_call(), came, agent, cancel)
    assert (talk.state, talk.reason) == (State.COMPLETED, Reason.HANGUP_REQUESTED)


EVENTS = {
    "came": came,
    "agent": agent,
    "talking": lambda call: activate(call, NOW_MS + 3),
    "left": left(),
    "lost": left("CONNECTION_TIMEOUT"),
    "doubled": left("DUPLICATE_IDENTITY"),
    "closed": lambda call: on_room_finished(call, NOW_MS + 9),
    "cancelled": lambda call: request_cancel(call, NOW_MS + 9),
}


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=30))
def test_no_order_of_news_moves_a_call_backwards_and_its_end_is_final(names: list[str]) -> None:
    call = make_web_call()
    for name in names:
        change = EVENTS[name](call)
        if change is None:
            continue
        assert not call.is_terminal
        assert change.call.is_terminal or ORDER.index(change.call.state) >= ORDER.index(call.state)
        assert (change.call.answered_at_ms is not None) or change.call.state is not State.ACTIVE
        call = change.call
    if not call.is_terminal:
        # Whatever was lost, the reconciler's look ends it.
        over = end_call(call, Ending(State.FAILED, Reason.LEFT_BEFORE_ANSWER), NOW_MS + 99).call
        assert over.is_terminal
