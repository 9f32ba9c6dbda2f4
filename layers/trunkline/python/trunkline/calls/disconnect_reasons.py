"""Meaning of a leg's end: a pure function of LiveKit's `disconnectReason` and `sip.callStatus`.

Source: the measured table in `docs/livekit.md`. `CLIENT_INITIATED` alone is a normal end or a trunk
failure; only the call status tells. `USER_REJECTED` is a decline, a busy callee, a carrier's refusal or a
missing codec, and nothing tells which: this table is for dials whose own answer is lost (`docs/statuses.md`).
"""

from __future__ import annotations

from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.value_objects import Ending

_UNANSWERED = {
    "USER_REJECTED": Reason.USER_DECLINED,
    "USER_UNAVAILABLE": Reason.DIAL_NO_ANSWER,
    "CLIENT_INITIATED": Reason.TRUNK_UNAVAILABLE,
    "SIP_TRUNK_FAILURE": Reason.TRUNK_UNAVAILABLE,
    "CONNECTION_TIMEOUT": Reason.DIAL_UNKNOWN,  # the SIP service died: the phone may have been picked up
    "MEDIA_FAILURE": Reason.MEDIA_FAILED,
    "PARTICIPANT_REMOVED": Reason.REMOVED_BEFORE_ANSWER,
    "ROOM_DELETED": Reason.REMOVED_BEFORE_ANSWER,
}
_OUR_SIDE_HUNG_UP = {"PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED"}
LOST = {"CONNECTION_TIMEOUT", "SIGNAL_CLOSE", "MEDIA_FAILURE", "STATE_MISMATCH", "JOIN_FAILURE"}


def ending_for_disconnect(
    disconnect_reason: str,
    sip_call_status: str,
    *,
    answered_for_s: float | None,
    max_call_duration_s: int,
    is_active: bool = False,
) -> Ending:
    """Decide how the call ends when its leg has left.

    `answered_for_s` is the time since the answer, None when it is not known; `is_active`: there was one.
    """
    was_answered = is_active or answered_for_s is not None or sip_call_status in ("active", "hangup")
    if not was_answered:
        return Ending(State.FAILED, _unanswered_reason(disconnect_reason, sip_call_status))
    if disconnect_reason in LOST:
        return Ending(State.DISCONNECTED, Reason.CONNECTION_LOST)
    if answered_for_s is not None and answered_for_s >= max_call_duration_s - 1:
        return Ending(State.COMPLETED, Reason.MAX_DURATION_REACHED)
    if disconnect_reason in _OUR_SIDE_HUNG_UP:
        return Ending(State.COMPLETED, Reason.AGENT_HANGUP)
    if sip_call_status == "active":
        return Ending(State.DISCONNECTED, Reason.AUDIO_LOST)
    return Ending(State.COMPLETED, Reason.USER_HANGUP)


def _unanswered_reason(disconnect_reason: str, sip_call_status: str) -> Reason:
    if (disconnect_reason, sip_call_status) == ("CLIENT_INITIATED", "ringing"):
        # A carrier that fails does so before the phone rings: this one may have been picked up.
        return Reason.DIAL_UNKNOWN
    return _UNANSWERED.get(disconnect_reason, Reason.DIAL_UNKNOWN)
