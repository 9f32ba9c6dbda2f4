"""Table of dial answers: the meaning of each SIP status, phrase and text of LiveKit for its call. Pure.

Sources: the measured table in `docs/livekit.md`; RFC 3261 §21, RFC 8197 (607) and RFC 8688 (608) for the
codes; rule 10 of the dial protocol for the answers that may return a call to the queue. Whether a reason
is the trunk's fault, is in `calls/reasons.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from trunkline.calls.reasons import Reason
from trunkline.core.redaction import shown_value
from trunkline.livekit.dial_result import DialResult, DialResultKind

MAX_TEXT = 400
"""Characters of a foreign text that the patterns see."""


@dataclass(frozen=True)
class SipStatus:
    """One row of the table: a final SIP status other than success."""

    code: int
    reason: Reason


SIP_STATUSES = (
    SipStatus(401, Reason.TRUNK_AUTH_FAILED),
    SipStatus(403, Reason.TRUNK_REJECTED),
    SipStatus(404, Reason.INVALID_DESTINATION),
    SipStatus(407, Reason.TRUNK_AUTH_FAILED),
    SipStatus(408, Reason.DIAL_NO_ANSWER),
    SipStatus(410, Reason.INVALID_DESTINATION),
    SipStatus(415, Reason.TRUNK_REJECTED),
    SipStatus(429, Reason.TRUNK_REJECTED),
    SipStatus(480, Reason.DIAL_NO_ANSWER),
    SipStatus(484, Reason.INVALID_DESTINATION),
    SipStatus(486, Reason.DIAL_BUSY),
    SipStatus(487, Reason.DIAL_NO_ANSWER),
    SipStatus(488, Reason.TRUNK_REJECTED),
    SipStatus(503, Reason.TRUNK_UNAVAILABLE),
    SipStatus(600, Reason.DIAL_BUSY),
    SipStatus(603, Reason.USER_DECLINED),
    SipStatus(604, Reason.INVALID_DESTINATION),
    SipStatus(606, Reason.TRUNK_REJECTED),
    SipStatus(607, Reason.USER_DECLINED),
    SipStatus(608, Reason.BLOCKED_BY_CARRIER),
)
"""The table, one code a line. To add a code, add its line here and name it beside its reason in
`docs/statuses.md`; a test finds a code or reason that the page lacks. Any other 5xx is `trunk_unavailable`,
any other code `trunk_rejected`. A 429 asks for the referrer's identity (RFC 3892), not for a slower pace."""

MONEY_PHRASES = (
    r"\bspen[dt]",
    r"credit",
    r"(?<!\bload )balance",
    r"\b(funds?|money|wallet|unpaid|overdue|invoices?|costs?)\b",
    r"payment",
    r"billing",
    r"prepaid",
    r"tariff",
    r"\bprices?\b",
    r"domestic",
    r"no rate",
    r"\bmax(imum)?\.? rate\b(?! limit)",
    r"\brate (is )?(too high|not found)",
    r"\brate( per minute)? exceeds",
    r"\btrial\b",
    r"\bdaily\b(?! (cps\b|calls? per ))",
    r"\b(hour|week|month)ly",
    r"(free|included) minutes",
    r"minutes (are |were )?(used|exhausted|exceeded)",
)
"""Words about money, tariffs and allowances: a refusal with one of them is `trunk_rejected`, whatever its
code says, and never about pace."""

ALLOWANCE_PHRASES = (
    r"\b(per|an?|this) (hour|day|week|month)\b",
    r"\btoday\b",
    r"\b(to|per) (this |the |the same |one )?(number|destination|callee)\b",
)
"""With them, a limit of calls is not about pace: the day's or the callee's allowance is used up, and the
refusal is `trunk_rejected`. Without a word about a limit they say nothing ("No route to destination")."""

_MAX = r"\bmax(imum)?\.? ?(number of )?"
_KIND = r"((active|concurrent|simultaneous|outbound|licen[cs]ed) )?"
PACE_PHRASES = (
    r"\bc(ap|p)s\b",
    r"(calls?|requests?|attempts?)( per |/| / )(s(ec(ond)?)?|minute)\b",
    r"\brate ?limit",
    r"\brate exceed",
    _MAX + r"(call|session) rate",
    r"too fast",
    r"\bslow down",
    r"too many " + _KIND + r"(calls?( attempts)?|channels|requests|sessions)\b",
    r"throttl",
    _MAX + _KIND + r"(calls|channels|sessions)",
    r"\bflood",
    r"\boverload",
    r"(channel|call|session|port|concurren\w*|simultaneous\w*)s?( (call|channel|session)s?)?"
    r" (limit|exceed|reach)",
    r"(channel|port)s? (are )?(busy|in use|full|exhausted)",
    r"\ball (channels|lines|ports|trunks)\b",
    r"(capacity|trunk) (is )?(limit|exceed|reach|full)",
    r"\b(insufficient|over|no) capacity",
    r"admission control",
    r"no (free |available )?(channels?|ports?|lines)\b",
)
"""Phrases about calls per time or calls at once, of one carrier or another: Bandwidth, Plivo, Telnyx, Twilio
and Vonage; Asterisk, FreeSWITCH, Kamailio and session border controllers. A congested network or circuit
(Q.850 causes 34 and 42) is not the trunk's pace."""

PACE_CODES = frozenset({403, 480, 486, 500, 503, 603})
"""Codes with which carriers, and LiveKit's own guard, refuse the pace."""

BLOCK_PHRASES = (
    r"network blocked",
    r"\b32203\b",
    r"blocked by (the )?(\w+ )?(carrier|network)",
    r"\banalytics\b",
    r"\b(outgoing )?calls? (is |are |was )?barred",
    r"\b(call|caller|caller id|number) (is |was )?(blocked|black ?listed)",
    r"\bcall blocking",
    r"\A\W*blocked\b",
    r"\bblack ?listed",
    r"\bspam\b",
    r"\bnuisance",
    r"\bfraud",
    r"do not originate",
    r"robo ?call",
)
"""Phrases by which a carrier, and not the callee, blocks a call; 32203 is Twilio's X-Twilio-Error."""

BLOCK_CODES = frozenset({403, 480, 486, 603, 606, 607})

LIVEKIT_FAILURES = (
    (r"sip server required auth|max auth retry attempts", Reason.TRUNK_AUTH_FAILED),
    (r"transport<\w+> dial err|fail(ed)? to resolve", Reason.TRUNK_UNREACHABLE),
    (r"transaction failed.*\(0 intermediate responses\)", Reason.TRUNK_NO_RESPONSE),
    (r"common audio codec|no common (media|crypto)", Reason.MEDIA_FAILED),
)
"""LiveKit's own texts about the trunk, without a SIP status: the INVITE was not answered by a callee."""

_BY_CODE = {status.code: status.reason for status in SIP_STATUSES}
_SERVER_FAILURE = 5
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_TWIRP_PREFIX = "twirp error unknown: "
_OF_SIP_SERVICE = ("sip request timed out", "sip call canceled")
"""The SIP service's own words for a callee that did not answer, or was hung up before."""

_NO_INVITE = (
    "no response from servers",
    "cpu exhausted",
    "sip not connected",
    "timed out publishing track",
)


def result_of_sip_status(sip_status_code: int, phrase: str) -> DialResult:
    """Read a final SIP status other than success, with its reason phrase.

    LiveKit puts the answer's body or X-Twilio-Error in place of the phrase for some codes.
    """
    if sip_status_code in PACE_CODES and is_about_pace(phrase):
        return DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, sip_status_code, detail_of(phrase))
    if sip_status_code in BLOCK_CODES and _matches(BLOCK_PHRASES, phrase):
        reason = Reason.BLOCKED_BY_CARRIER
        return DialResult(DialResultKind.FAILED, reason, sip_status_code, detail_of(phrase))
    is_refused = _matches(MONEY_PHRASES, phrase) or (
        sip_status_code in PACE_CODES and _matches(PACE_PHRASES, phrase)
    )
    reason = Reason.TRUNK_REJECTED if is_refused else _reason_of(sip_status_code)
    return DialResult(DialResultKind.FAILED, reason, sip_status_code, detail_of(phrase))


def detail_of(text: str) -> str | None:
    """Return the beginning of a foreign text without control characters, secrets and phone numbers."""
    begun = text[:MAX_TEXT].removeprefix(_TWIRP_PREFIX)
    return shown_value("".join(letter if letter.isprintable() else " " for letter in begun)) or None


def is_about_pace(phrase: str) -> bool:
    """Tell whether a phrase speaks of calls per time or at once, and not of money or an allowance."""
    return _matches(PACE_PHRASES, phrase) and not _matches((*MONEY_PHRASES, *ALLOWANCE_PHRASES), phrase)


def result_of_livekit_error(http_status: int, code: str, message: str) -> DialResult:
    """Read an error of LiveKit's own, without a SIP status.

    Only an answer that proves that no INVITE was made is NOT_SENT; an error that is not listed here is
    UNKNOWN.
    """
    detail = detail_of(message)
    for pattern, reason in LIVEKIT_FAILURES:
        if _matches((pattern,), message):
            return DialResult(DialResultKind.FAILED, reason, detail=detail)
    if code == "canceled" or (http_status == HTTPStatus.REQUEST_TIMEOUT and code == "deadline_exceeded"):
        is_servers = not any(text in message for text in _OF_SIP_SERVICE)
        return DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER, is_servers_time_out=is_servers)
    if code == "not_found" and "trunk" in message:
        return DialResult(DialResultKind.NOT_SENT, detail=detail, refusal=detail or code)
    if code in ("unavailable", "internal") and any(proof in message for proof in _NO_INVITE):
        return DialResult(DialResultKind.NOT_SENT)
    if http_status == HTTPStatus.UNAUTHORIZED:
        return DialResult(DialResultKind.NOT_SENT)
    return DialResult(DialResultKind.UNKNOWN)


def _reason_of(sip_status_code: int) -> Reason:
    if reason := _BY_CODE.get(sip_status_code):
        return reason
    return Reason.TRUNK_UNAVAILABLE if sip_status_code // 100 == _SERVER_FAILURE else Reason.TRUNK_REJECTED


def _matches(patterns: tuple[str, ...], text: str) -> bool:
    """Search a text as a sentence: FreeSWITCH and others write OUTGOING_CALL_BARRED and Rate-Limited."""
    words = _BETWEEN_WORDS.sub(" ", text[:MAX_TEXT])
    return any(re.search(pattern, words, re.IGNORECASE) for pattern in patterns)
