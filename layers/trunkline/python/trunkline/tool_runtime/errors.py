"""What comes of an action, in a form that a model can act on. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NotRequired

from typing_extensions import TypedDict

from trunkline.egress.messages import Response, TransportError


class FailureType(StrEnum):
    """Why an action failed; `docs/tools.md` says what each means."""

    INVALID_PARAMS = "invalid_params"
    UNKNOWN_VALUE = "unknown_value"
    ADDRESS_REFUSED = "address_refused"
    DNS_ERROR = "dns_error"
    CONNECTION_FAILED = "connection_failed"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    CONNECTION_BROKEN = "connection_broken"
    INVALID_REQUEST = "invalid_request"
    UNEXPECTED_STATUS = "unexpected_status"
    UNEXPECTED_ANSWER = "unexpected_answer"
    ANSWER_NOT_JSON = "answer_not_json"
    ANSWER_TOO_LARGE = "answer_too_large"
    STATE_TOO_LARGE = "state_too_large"
    AGENT_NOT_FOUND = "agent_not_found"
    CALL_ENDED = "call_ended"
    LIVEKIT_FAILED = "livekit_failed"
    OUT_OF_TIME = "out_of_time"


class FailureView(TypedDict):
    """Why an invocation failed. `may_have_happened`: nobody knows that it was not done, so that doing it
    again may do it twice. `http_status` and `answer` are the backend's."""

    type: str
    message: str
    may_have_happened: bool
    action: NotRequired[int]
    http_status: NotRequired[int]
    answer: NotRequired[Any]


class ActionFailed(Exception):
    """An action that was not done, or of which nobody knows whether it was."""

    def __init__(
        self,
        kind: FailureType,
        message: str,
        *,
        may_have_happened: bool = False,
        http_status: int | None = None,
        answer: Any = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.may_have_happened = may_have_happened
        self.http_status = http_status
        self.answer = answer

    def view(self) -> FailureView:
        """Show it."""
        shown: FailureView = {
            "type": self.kind.value,
            "message": self.message,
            "may_have_happened": self.may_have_happened,
        }
        if self.http_status is not None:
            shown["http_status"] = self.http_status
        if self.answer is not None:
            shown["answer"] = self.answer
        return shown


DOUBT = "; it may have been done all the same"
_TEXTS = {
    TransportError.REFUSED_ADDRESS: "The backend's address may not be called",
    TransportError.DNS: "The backend's name does not resolve",
    TransportError.CONNECT: "The backend can't be connected to",
    TransportError.TLS: "The backend's certificate is not good",
    TransportError.TIMEOUT: "The backend did not answer in time",
    TransportError.BROKEN: "The connection to the backend broke",
    TransportError.INVALID: "The request can't be written",
}


def unanswered(answer: Response, tries: int, *, doubtful: bool) -> ActionFailed:
    """What a request without an answer means; `doubtful`: this or an earlier try may have been done."""
    fault = answer.error or TransportError.BROKEN
    times = f" (tried {tries} times)" if tries > 1 else ""
    unsure = DOUBT if doubtful else "; nothing was done"
    why = f" ({answer.detail})" if fault is TransportError.REFUSED_ADDRESS else ""
    text = _TEXTS[fault] + why + times + unsure
    return ActionFailed(FailureType(fault.value), text, may_have_happened=doubtful)


def may_be_sent_again(answer: Response, *, repeatable: bool) -> bool:
    """Say whether a request may be tried again: `repeatable` if it may though it was perhaps done.

    429 and 5xx are the backend's word that it was not; so is a connection that never was.
    """
    if answer.status is not None:
        return answer.status == _TOO_MANY or answer.status >= SERVER_ERROR
    if answer.error in (TransportError.REFUSED_ADDRESS, TransportError.TLS, TransportError.INVALID):
        return False
    return repeatable or not answer.sent


_TOO_MANY, SERVER_ERROR = 429, 500


_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 4.0


def wait_before_s(number: int, asked_s: float, chance: float) -> float:
    """Seconds before the try after number `number`: doubled each time, with jitter, and no less than the
    backend asks for; `chance` is from 0 to 1."""
    doubled_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** (number - 1))
    return max(asked_s, doubled_s * (0.5 + chance))
