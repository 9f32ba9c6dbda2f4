"""Sentences that explain why a call ended and what ends its wait, for the API and its clients. Pure."""

from __future__ import annotations

from trunkline.calls.reasons import Reason
from trunkline.calls.value_objects import WaitsFor

REASON_TEXTS: dict[Reason, str] = {
    Reason.DIAL_BUSY: "The line was busy.",
    Reason.DIAL_NO_ANSWER: "The phone rang, and nobody answered.",
    Reason.USER_DECLINED: "The person declined the call.",
    Reason.INVALID_DESTINATION: "The number does not exist.",
    Reason.CALLER_ID_REVOKED: "The caller ID was taken from the trunk while the call waited.",
    Reason.SUPPRESSED: "The number was put on the suppression list while the call waited.",
    Reason.NUMBER_NOT_ALLOWED: "The number was excluded by a calling rule while the call waited.",
    Reason.AGENT_INACTIVE: "The agent was deleted or set to inactive while the call waited.",
    Reason.TRUNK_REJECTED: "The carrier refused the call.",
    Reason.TRUNK_UNAVAILABLE: "The carrier could not take the call.",
    Reason.TRUNK_AUTH_FAILED: "The carrier did not accept the trunk's credentials.",
    Reason.TRUNK_UNREACHABLE: "The trunk's address does not resolve, or refused the connection.",
    Reason.TRUNK_NO_RESPONSE: "The carrier did not respond for 32 seconds.",
    Reason.MEDIA_FAILED: "Trunk and carrier have no audio codec in common.",
    Reason.BLOCKED_BY_CARRIER: "The carrier blocked the call, perhaps taking the caller ID for spam.",
    Reason.AGENT_UNAVAILABLE: "The agent did not join the room in time, so the call was not connected.",
    Reason.DIAL_UNKNOWN: "The dialer lost its connection while it dialled, and the outcome is unknown.",
    Reason.EXPIRED: "The call reached its deadline before it was dialled.",
    Reason.RESTORED: "The operator restored an earlier state, and what became of the call is unknown.",
    Reason.CANCELLED: "The call was cancelled before anybody answered.",
    Reason.HANGUP_REQUESTED: "The call was hung up by request.",
    Reason.QUEUE_UNAVAILABLE: "The call could not be queued, and was withdrawn.",
    Reason.USER_HANGUP: "The person hung up.",
    Reason.AGENT_HANGUP: "The agent ended the call.",
    Reason.VOICEMAIL_REACHED: "An answering machine picked up.",
    Reason.MAX_DURATION_REACHED: "The call reached its maximum duration.",
    Reason.AUDIO_LOST: "The audio of the answered call stopped.",
    Reason.CONNECTION_LOST: "The connection of the answered call dropped.",
    Reason.REMOVED_BEFORE_ANSWER: "The call was removed from its room while the phone rang.",
    Reason.END_NOT_REPORTED: "LiveKit closed the room, and nobody reported how the call ended.",
    Reason.AGENT_LOST: "The agent crashed or lost its connection, and no other one took over.",
    Reason.NOT_JOINED: "Nobody joined the web call in time.",
    Reason.LEFT_BEFORE_ANSWER: "The caller left, or the agent ended the call, before both were there.",
}

QUEUE_TEXTS: dict[str, str] = {
    "scheduled": "Waits for its start time, then for its calling window.",
    "in_line": "Waits for its turn.",
    "preparing": "Is next: its agent joins, or it waits for its start.",
    WaitsFor.RETRY: "Waits until its next attempt may start.",
    WaitsFor.CARRIER: "Waits because the carrier refused the pace.",
    WaitsFor.WINDOW: "Waits until its calling window opens.",
    WaitsFor.FREQUENCY: "Waits because its number was called too often lately.",
    WaitsFor.ZONE: "Waits for a time zone: none can be derived from its number. Set `timezone` of the call.",
    "batch_paused": "Waits until its batch is resumed.",
    "batch_not_started": "Waits until its batch starts.",
    "trunk_paused": "Waits until its trunk is resumed, or until the circuit breaker tries it again.",
    "livekit_refused": "Waits until LiveKit accepts the credentials and knows the trunk.",
    "at_capacity": "Waits until another call ends: a limit of concurrent calls is reached.",
}
"""What ends each wait, by `queue_state`."""


def reason_text(reason: str, sip_status_code: int | None = None) -> str:
    """Explain a reason in a sentence, with the SIP status where there was one."""
    text = REASON_TEXTS[Reason(reason)]
    return f"{text.removesuffix('.')} (SIP {sip_status_code})." if sip_status_code else text
