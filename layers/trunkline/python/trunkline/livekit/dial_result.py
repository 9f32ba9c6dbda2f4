"""What LiveKit's answer to CreateSIPParticipant means for the call: one table, no I/O.

Sources: the measured table in `docs/livekit.md`; RFC 3261 §21 for the codes; rule 10 of the dial
protocol for what may send a call back to the line.
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
    """The carrier refused the pace, not the call: back to the line, and slow down."""
    NOT_SENT = "not_sent"
    """It is certain that no INVITE was made: back to the line."""
    UNKNOWN = "unknown"
    """Nothing is certain: only a look-up may decide, and only later (rule 11)."""


@dataclass(frozen=True)
class DialResult:
    kind: DialResultKind
    reason: Reason | None = None
    sip_status_code: int | None = None


@dataclass(frozen=True)
class DialAnswer:
    """What came of one CreateSIPParticipant."""

    result: DialResult
    sip_participant_id: str | None = None
    sip_call_id: str | None = None


_REASON_OF_SIP = {
    401: Reason.TRUNK_REJECTED,
    403: Reason.TRUNK_REJECTED,
    404: Reason.INVALID_DESTINATION,
    407: Reason.TRUNK_REJECTED,
    408: Reason.DIAL_NO_ANSWER,
    410: Reason.INVALID_DESTINATION,
    415: Reason.TRUNK_REJECTED,
    480: Reason.DIAL_NO_ANSWER,
    484: Reason.INVALID_DESTINATION,
    486: Reason.DIAL_BUSY,
    487: Reason.DIAL_NO_ANSWER,
    488: Reason.TRUNK_REJECTED,
    600: Reason.DIAL_BUSY,
    603: Reason.USER_DECLINED,
    604: Reason.INVALID_DESTINATION,
    606: Reason.TRUNK_REJECTED,
    607: Reason.USER_DECLINED,
}
# Carriers name the limit in the reason phrase; a bare 503 or 403 is a failure of the trunk or the call.
_PACE_PHRASE = re.compile(
    r"\bcps\b|calls? per second|\brate\b|too (fast|many)|throttl|capacity|concurren|channel|limit",
    re.IGNORECASE,
)
_NO_INVITE = ("no response from servers", "cpu exhausted", "sip not connected")
_PACE_CODES = frozenset({403, 480, 486, 503, 603})


def result_of_sip_status(sip_status_code: int, phrase: str) -> DialResult:
    """Read a final SIP answer other than success."""
    if sip_status_code == 429 or (sip_status_code in _PACE_CODES and _PACE_PHRASE.search(phrase)):
        return DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, sip_status_code)
    by_class = Reason.TRUNK_UNAVAILABLE if 500 <= sip_status_code < 600 else Reason.TRUNK_REJECTED
    return DialResult(DialResultKind.FAILED, _REASON_OF_SIP.get(sip_status_code, by_class), sip_status_code)


def result_of_livekit_error(http_status: int, code: str, message: str) -> DialResult:
    """Read an error of LiveKit's own, one that carries no SIP status.

    Only answers that prove that no INVITE was made may say NOT_SENT; an error that is not in the
    table is UNKNOWN.
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
