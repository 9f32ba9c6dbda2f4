"""Dial result table: the meaning of each answer to CreateSIPParticipant for its call (no I/O).

Sources: the measured table in `docs/livekit.md`; RFC 3261 §21 for the codes; rule 10 of the dial
protocol for the answers that may return a call to the queue.
"""

from __future__ import annotations

import re
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
    kind: DialResultKind
    reason: Reason | None = None
    sip_status_code: int | None = None


@dataclass(frozen=True)
class DialAnswer:
    """The result of one CreateSIPParticipant, with the ids of an answered leg."""

    result: DialResult
    sip_participant_id: str | None = None
    sip_call_id: str | None = None


@dataclass(frozen=True)
class SipStatus:
    """One row of the table: a final SIP status other than success.

    With `pace_phrases`, a reason phrase about calls per time or at once makes it TOO_FAST instead.
    """

    code: int
    reason: Reason
    kind: DialResultKind = DialResultKind.FAILED
    pace_phrases: bool = False


SIP_STATUSES = (
    SipStatus(401, Reason.TRUNK_REJECTED),
    SipStatus(403, Reason.TRUNK_REJECTED, pace_phrases=True),
    SipStatus(404, Reason.INVALID_DESTINATION),
    SipStatus(407, Reason.TRUNK_REJECTED),
    SipStatus(408, Reason.DIAL_NO_ANSWER),
    SipStatus(410, Reason.INVALID_DESTINATION),
    SipStatus(415, Reason.TRUNK_REJECTED),
    SipStatus(429, Reason.TRUNK_REJECTED, DialResultKind.TOO_FAST),
    SipStatus(480, Reason.DIAL_NO_ANSWER, pace_phrases=True),
    SipStatus(484, Reason.INVALID_DESTINATION),
    SipStatus(486, Reason.DIAL_BUSY, pace_phrases=True),
    SipStatus(487, Reason.DIAL_NO_ANSWER),
    SipStatus(488, Reason.TRUNK_REJECTED),
    SipStatus(503, Reason.TRUNK_UNAVAILABLE, pace_phrases=True),
    SipStatus(600, Reason.DIAL_BUSY),
    SipStatus(603, Reason.USER_DECLINED, pace_phrases=True),
    SipStatus(604, Reason.INVALID_DESTINATION),
    SipStatus(606, Reason.TRUNK_REJECTED),
    SipStatus(607, Reason.USER_DECLINED),
)
"""The table, one code a line. To add a code, add its line here and name it beside its reason in
`docs/statuses.md`; a test finds a code or reason that the page lacks. Any other 5xx is `trunk_unavailable`,
any other code `trunk_rejected`."""

_BY_CODE = {status.code: status for status in SIP_STATUSES}

# Carriers name the limit in the reason phrase; a bare 503 or 403 is a failure of the trunk or the call.
_PACE_PHRASE = re.compile(
    r"\bcps\b|calls? per second|\brate\b|too (fast|many)|throttl|capacity|concurren|channel|limit",
    re.IGNORECASE,
)
_NO_INVITE = (
    "no response from servers",
    "cpu exhausted",
    "sip not connected",
    "timed out publishing track",
)


def result_of_sip_status(sip_status_code: int, phrase: str) -> DialResult:
    """Read a final SIP status other than success, with its reason phrase."""
    status = _BY_CODE.get(sip_status_code) or _unlisted(sip_status_code)
    if status.pace_phrases and _PACE_PHRASE.search(phrase):
        return DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, sip_status_code)
    return DialResult(status.kind, status.reason, sip_status_code)


def _unlisted(sip_status_code: int) -> SipStatus:
    is_server_failure = 500 <= sip_status_code < 600
    return SipStatus(
        sip_status_code, Reason.TRUNK_UNAVAILABLE if is_server_failure else Reason.TRUNK_REJECTED
    )


def result_of_livekit_error(http_status: int, code: str, message: str) -> DialResult:
    """Read an error of LiveKit's own, without a SIP status.

    Only an answer that proves that no INVITE was made is NOT_SENT; an error that is not listed here is
    UNKNOWN.
    """
    if code == "canceled" or (http_status == 408 and code == "deadline_exceeded"):
        return DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER)
    if code == "not_found" and "trunk" in message:
        return DialResult(DialResultKind.FAILED, Reason.TRUNK_UNAVAILABLE)
    if code in ("unavailable", "internal") and any(proof in message for proof in _NO_INVITE):
        return DialResult(DialResultKind.NOT_SENT)
    if http_status == 401:
        return DialResult(DialResultKind.NOT_SENT)
    return DialResult(DialResultKind.UNKNOWN)
