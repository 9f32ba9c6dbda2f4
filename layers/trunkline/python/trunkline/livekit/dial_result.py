"""Results of a dial: the kinds of answers to CreateSIPParticipant. Pure.

`sip_statuses.py` reads LiveKit's and the carrier's answers into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trunkline.calls.reasons import Reason


class DialResultKind(StrEnum):
    ANSWERED = "answered"
    FAILED = "failed"
    """The carrier decided: the attempt is over."""
    TOO_FAST = "too_fast"
    """The carrier refused the pace, not the call: return it to the queue, and slow down."""
    NOT_SENT = "not_sent"
    """No INVITE was made, and that is certain: return the call to the queue."""
    UNKNOWN = "unknown"
    """Nothing is certain: only a look-up may decide, and only later (rule 11)."""


@dataclass(frozen=True)
class DialResult:
    """Result of a dial; `refusal` says why LiveKit itself refuses every dial of the trunk, as it stands."""

    kind: DialResultKind
    reason: Reason | None = None
    sip_status_code: int | None = None
    detail: str | None = None
    """Text of the carrier or of LiveKit, made harmless."""
    refusal: str = ""
    is_servers_time_out: bool = False
    """livekit-server gave up: its SIP service may hang, and still hold the INVITE."""

    @property
    def is_of_sip_service(self) -> bool:
        """Tell whether LiveKit's SIP service has processed the request."""
        is_decided = self.kind not in (DialResultKind.NOT_SENT, DialResultKind.UNKNOWN)
        return is_decided and not self.is_servers_time_out


@dataclass(frozen=True)
class DialAnswer:
    """The result of one CreateSIPParticipant, with the ids of an answered leg."""

    result: DialResult
    sip_participant_id: str | None = None
    sip_call_id: str | None = None
