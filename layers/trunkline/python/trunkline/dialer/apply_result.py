"""What a dial's answer makes of its call: pure."""

from __future__ import annotations

from trunkline.calls.models import Call, Change
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import answer_call, end_call, finish_attempt, release_ownership
from trunkline.calls.value_objects import Ending
from trunkline.livekit.dial_result import DialAnswer, DialResultKind


def apply_dial_result(call: Call, dialled: DialAnswer, now_ms: int) -> Change | None:
    """Apply the dial's answer, and with it any end that was kept while the answer was awaited."""
    verdict = dialled.verdict
    if call.phase is not Phase.SENT:
        return None
    if verdict.kind is DialResultKind.ANSWERED:
        return _answered(call, dialled, now_ms)
    if verdict.kind is DialResultKind.FAILED and verdict.reason:
        ending = Ending(State.FAILED, verdict.reason)
        return finish_attempt(call, ending, now_ms, sip_status_code=verdict.sip_status_code)
    if call.kept_ending:
        return finish_attempt(call, call.kept_ending, now_ms)
    return release_ownership(call)


def _answered(call: Call, dialled: DialAnswer, now_ms: int) -> Change | None:
    if call.cancel_requested_at_ms:
        return None  # the leg is hung up first, and then the call is cancelled
    ids = {"sip_participant_id": dialled.sip_participant_id, "sip_call_id": dialled.sip_call_id}
    change = answer_call(call, now_ms, **ids)
    if call.kept_ending:
        return change.then(end_call(change.call, call.kept_ending, now_ms))
    return change
