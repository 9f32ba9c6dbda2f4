"""Reasons why a call ended or failed: all values of `failure_reason` and `status_reason`."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    DIAL_BUSY = "dial_busy"
    DIAL_NO_ANSWER = "dial_no_answer"
    USER_DECLINED = "user_declined"
    INVALID_DESTINATION = "invalid_destination"
    CALLER_ID_REVOKED = "caller_id_revoked"
    SUPPRESSED = "suppressed"
    NUMBER_NOT_ALLOWED = "number_not_allowed"
    AGENT_INACTIVE = "agent_inactive"
    TRUNK_REJECTED = "trunk_rejected"
    TRUNK_UNAVAILABLE = "trunk_unavailable"
    TRUNK_AUTH_FAILED = "trunk_auth_failed"
    TRUNK_UNREACHABLE = "trunk_unreachable"
    TRUNK_NO_RESPONSE = "trunk_no_response"
    MEDIA_FAILED = "media_failed"
    BLOCKED_BY_CARRIER = "blocked_by_carrier"
    AGENT_UNAVAILABLE = "agent_unavailable"
    DIAL_UNKNOWN = "dial_unknown"
    EXPIRED = "expired"
    RESTORED = "restored"
    CANCELLED = "cancelled"
    HANGUP_REQUESTED = "hangup_requested"
    QUEUE_UNAVAILABLE = "queue_unavailable"
    USER_HANGUP = "user_hangup"
    AGENT_HANGUP = "agent_hangup"
    VOICEMAIL_REACHED = "voicemail_reached"
    MAX_DURATION_REACHED = "max_duration_reached"
    AUDIO_LOST = "audio_lost"
    CONNECTION_LOST = "connection_lost"
    REMOVED_BEFORE_ANSWER = "removed_before_answer"
    END_NOT_REPORTED = "end_not_reported"
    AGENT_LOST = "agent_lost"
    NOT_JOINED = "not_joined"
    LEFT_BEFORE_ANSWER = "left_before_answer"


TRUNK_FAULTS = frozenset(
    {
        Reason.TRUNK_UNAVAILABLE,
        Reason.TRUNK_AUTH_FAILED,
        Reason.TRUNK_UNREACHABLE,
        Reason.TRUNK_NO_RESPONSE,
        Reason.MEDIA_FAILED,
    }
)
"""Reasons that blame the trunk and count towards its circuit breaker. A carrier's refusal of one call
(`trunk_rejected`, `blocked_by_carrier`) does not."""
