"""Transitions of a call by its agent's reports. Pure; each is harmless when repeated or late."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import answer_call, end_call
from trunkline.calls.value_objects import MAX_AGENT_TURNS, AgentTurn, Channel, Ending
from trunkline.calls.web_transitions import activate


def on_transcript(call: Call, now_ms: int, *, dial_is_awaited: bool) -> Change | None:
    """Activate the call: the agent and the person hear each other.

    While a live dialer awaits its dial's answer, that answer activates the call, with the ids; the report is
    kept.
    """
    if call.channel is Channel.WEB:
        return activate(call, now_ms)
    if call.state is not State.CONNECTING or call.phase is not Phase.SENT:
        return None
    if not dial_is_awaited:
        return answer_call(call, now_ms)
    # The dial's answer may get lost: then this is all that is known of it.
    is_known = call.answer_reported_at_ms is not None
    return None if is_known else Change(replace(call, answer_reported_at_ms=now_ms))


def on_agent_changed(call: Call, turn: AgentTurn) -> Change | None:
    """Record that another agent took over; a reporter's sequence gives the order, not the arrival."""
    known = {known_turn.identity for known_turn in call.agent_turns}
    if turn.identity in known or len(known) >= MAX_AGENT_TURNS:
        return None
    turns = _in_order((*call.agent_turns, turn))
    changed = NewEvent("agent_changed", {"agent": turn.agent, "attempt": call.attempt_number})
    return Change(replace(call, agent_turns=turns), (changed,))


def _in_order(turns: tuple[AgentTurn, ...]) -> tuple[AgentTurn, ...]:
    """Sort the turns of each reporter by sequence, in their places; turns made by tools (-1) keep theirs."""
    series = _series(turns)
    ordered = list(turns)
    for each in set(series):
        places = [place for place, of in enumerate(series) if of == each]
        own = sorted((turns[place] for place in places), key=lambda turn: turn.sequence)
        for place, turn in zip(places, own, strict=True):
            ordered[place] = turn
    return tuple(ordered)


def _series(turns: tuple[AgentTurn, ...]) -> list[tuple[int, str, int]]:
    """Return which count each turn belongs to: a number that comes again is of another agent's count."""
    seen: Counter[tuple[int, str, int]] = Counter()
    series = []
    for place, turn in enumerate(turns):
        number = (turn.claim, turn.reporter, turn.sequence)
        series.append((turn.claim, turn.reporter, seen[number] if turn.sequence >= 0 else -1 - place))
        seen[number] += 1
    return series


def on_summary(call: Call, text: str) -> Change | None:
    """Store the summary; the last report counts."""
    if call.summary == text:
        return None
    return Change(replace(call, summary=text), (NewEvent("summary"),))


def on_answering_machine(call: Call, result: str) -> Change | None:
    """Store whether a person or a machine answered; the last report counts."""
    if call.answering_machine == result:
        return None
    happened = NewEvent("answering_machine", {"result": result})
    return Change(replace(call, answering_machine=result), (happened,))


def on_metrics(call: Call, figures_json: str) -> Change | None:
    """Store the figures of the conversation; the last report counts. They are no step of the call."""
    if call.agent_metrics_json == figures_json:
        return None
    return Change(replace(call, agent_metrics_json=figures_json))


def on_ended_by_agent(call: Call, reason: str, now_ms: int) -> Change | None:
    """Record that the agent ends the call: a web call ends at once, a dialled one when its leg has left."""
    if call.is_terminal or call.agent_end_reason is not None:
        return None
    if call.channel is Channel.PHONE and call.phase is Phase.PREPARED:
        return None
    said = Change(replace(call, agent_end_reason=reason), (NewEvent("agent_ended", {"reason": reason}),))
    if call.channel is Channel.PHONE:
        return said
    if call.state is State.ACTIVE:
        return said.merge(end_call(said.call, Ending(State.COMPLETED, Reason.AGENT_HANGUP), now_ms))
    return said.merge(end_call(said.call, Ending(State.FAILED, Reason.LEFT_BEFORE_ANSWER), now_ms))
