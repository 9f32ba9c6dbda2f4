"""Transitions of a web call as people and agents join and leave; events arrive in any order. Pure."""

from __future__ import annotations

from dataclasses import replace

from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call, move
from trunkline.calls.value_objects import Ending

_LEFT_BY_CHOICE = {"CLIENT_INITIATED", "UNKNOWN_REASON"}
_REMOVED = {"PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED"}


def on_caller_joined(call: Call, now_ms: int) -> Change | None:
    """Move the call to `connecting`, or `active` if the agent is there."""
    if call.is_terminal or call.caller_joined_at_ms is not None:
        return None
    came = replace(call, caller_joined_at_ms=now_ms)
    if call.state is not State.PENDING:
        return Change(came)
    here = Change(move(came, State.CONNECTING, now_ms), (NewEvent("connecting"),))
    return here.merge(_both_present(here.call, now_ms)) if call.agent_joined_at_ms is not None else here


def on_agent_joined(call: Call, job_id: str, now_ms: int) -> Change | None:
    """Record the first agent, or one that takes over; the call is `active` if the person is there."""
    takes_over = call.agent_job_id != job_id and (
        call.handover_at_ms is not None or call.agent_left_at_ms is not None
    )
    if call.is_terminal or (call.agent_job_id is not None and not takes_over):
        return None
    joined_ms = call.agent_joined_at_ms or now_ms
    came = replace(
        call, agent_joined_at_ms=joined_ms, agent_job_id=job_id, handover_at_ms=None, agent_left_at_ms=None
    )
    return _both_present(came, now_ms) if call.state is State.CONNECTING else Change(came)


def activate(call: Call, now_ms: int) -> Change | None:
    """Activate the call on a report from the room, even if no join event arrived."""
    if call.is_terminal or call.state is State.ACTIVE:
        return None
    present = replace(
        call,
        caller_joined_at_ms=call.caller_joined_at_ms or now_ms,
        agent_joined_at_ms=call.agent_joined_at_ms or now_ms,
    )
    if call.state is State.PENDING:
        here = Change(move(present, State.CONNECTING, now_ms), (NewEvent("connecting"),))
        return here.merge(_both_present(here.call, now_ms))
    return _both_present(present, now_ms)


def on_caller_left(call: Call, disconnect_reason: str, now_ms: int) -> Change | None:
    """End the call: the person left. A second join with the same identity does not count as leaving."""
    if call.is_terminal or disconnect_reason == "DUPLICATE_IDENTITY":
        return None
    if call.state is not State.ACTIVE:
        lost = disconnect_reason not in _LEFT_BY_CHOICE | _REMOVED
        reason = Reason.CONNECTION_LOST if lost else Reason.LEFT_BEFORE_ANSWER
        return end_call(call, Ending(State.FAILED, reason), now_ms)
    ending = _ending(disconnect_reason)
    if call.has_reached_limit(now_ms) and ending.state is State.COMPLETED:
        ending = Ending(State.COMPLETED, Reason.MAX_DURATION_REACHED)
    return end_call(call, ending, now_ms)


def on_room_finished(call: Call, now_ms: int) -> Change | None:
    """End the call whose room LiveKit closed without a reported reason."""
    if call.is_terminal or call.state is State.PENDING:
        return None
    if call.state is State.ACTIVE:
        return end_call(call, Ending(State.COMPLETED, Reason.END_NOT_REPORTED), now_ms)
    return end_call(call, Ending(State.FAILED, Reason.LEFT_BEFORE_ANSWER), now_ms)


def _both_present(call: Call, at_ms: int) -> Change:
    """Activate the call since the later of the two joins, in whatever order they were told."""
    since_ms = max(at_ms, call.caller_joined_at_ms or 0, call.agent_joined_at_ms or 0)
    return Change(move(call, State.ACTIVE, since_ms), (NewEvent("active"),))


def _ending(disconnect_reason: str) -> Ending:
    if disconnect_reason in _LEFT_BY_CHOICE:
        return Ending(State.COMPLETED, Reason.USER_HANGUP)
    if disconnect_reason in _REMOVED:
        return Ending(State.COMPLETED, Reason.AGENT_HANGUP)
    return Ending(State.DISCONNECTED, Reason.CONNECTION_LOST)
