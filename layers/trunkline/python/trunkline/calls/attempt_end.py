"""Facts of an attempt's end: its reason, its time and its record, and whether a redial may follow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.value_objects import VOICEMAIL, AttemptRecord, Ending

_HUNG_UP = (Reason.AGENT_HANGUP, Reason.USER_HANGUP)


def ending_of_talk(ending: Ending, call: Call) -> Ending:
    """Return the ending, or that a machine took the call, whichever side then hung up."""
    if ending.reason in _HUNG_UP and call.answering_machine in VOICEMAIL:
        return replace(ending, reason=Reason.VOICEMAIL_REACHED)
    return ending


def may_redial(call: Call, ending: Ending) -> bool:
    """Tell whether no person was reached, and nobody asked for the end."""
    if call.cancel_requested_at_ms or call.agent_lost_at_ms is not None:
        return False
    is_unanswered = ending.state is State.FAILED and not call.was_answered
    return is_unanswered or ending.reason is Reason.VOICEMAIL_REACHED


def with_reported_answer(call: Call, ending: Ending) -> Call:
    """Fill in the answer that only the agent told of, if the leg's end says that there was one."""
    is_answered = ending.state in (State.COMPLETED, State.DISCONNECTED)
    if not is_answered or call.answered_at_ms is not None or call.answer_reported_at_ms is None:
        return call
    return replace(call, answered_at_ms=call.answer_reported_at_ms)


def ended_ms_of(call: Call, ending: Ending, now_ms: int) -> int:
    """Return when a leg ended by LiveKit's clock, bounded by ours: not before the answer, not after now."""
    begun_ms = call.answered_at_ms or call.connecting_at_ms or 0
    return min(now_ms, max(begun_ms, ending.at_ms or now_ms))


def attempt_record(call: Call, reason: Reason, ended_ms: int, told: Mapping[str, Any]) -> AttemptRecord:
    """Record an attempt with what its dial's answer told."""
    return AttemptRecord(
        number=call.attempts_made + 1,
        room_name=call.room_name,
        connecting_at_ms=call.connecting_at_ms,
        answered_at_ms=call.answered_at_ms,
        ended_at_ms=ended_ms,
        reason=reason,
        sip_status_code=told.get("sip_status_code"),
        sip_call_id=told.get("sip_call_id") or call.sip_call_id,
        detail=told.get("detail"),
    )
