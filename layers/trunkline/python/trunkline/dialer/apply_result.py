"""Transition of a call after its dial was answered. Pure."""

from __future__ import annotations

from typing import Any

from trunkline.calls.models import Call, Change
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import (
    adopt_call,
    answer_call,
    finish_attempt,
    release_ownership,
    return_refused,
)
from trunkline.calls.value_objects import Ending
from trunkline.livekit.dial_result import DialAnswer, DialResultKind


def apply_dial_result(call: Call, answer: DialAnswer, now_ms: int) -> Change | None:
    """Apply a dial's answer, and any ending that was stored while the dial waited for it."""
    result = answer.result
    if call.phase is not Phase.SENT:
        return None
    if result.kind is DialResultKind.ANSWERED:
        return _answered(call, answer, now_ms)
    told: dict[str, Any] = {"sip_status_code": result.sip_status_code, "detail": result.detail}
    if result.kind is DialResultKind.TOO_FAST:
        return return_refused(call, now_ms, **told)
    if result.kind is DialResultKind.FAILED and result.reason:
        ending = Ending(State.FAILED, result.reason)
        return finish_attempt(call, ending, now_ms, **told)
    return _unknown(call, now_ms)


def _unknown(call: Call, now_ms: int) -> Change:
    if call.pending_ending:
        return finish_attempt(call, call.pending_ending, now_ms)
    if call.answer_reported_at_ms and not call.cancel_requested_at_ms:
        return adopt_call(call, now_ms)
    return release_ownership(call)


def _answered(call: Call, answer: DialAnswer, now_ms: int) -> Change | None:
    if call.cancel_requested_at_ms:
        return None  # the leg is hung up first, and then the call is cancelled
    ids = {"sip_participant_id": answer.sip_participant_id, "sip_call_id": answer.sip_call_id}
    change = answer_call(call, now_ms, **ids)
    if call.pending_ending:
        return change.merge(finish_attempt(change.call, call.pending_ending, now_ms))
    return change
