"""Failures of actions, in a form that a language model can act on, and when to retry. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NotRequired

from typing_extensions import TypedDict

from trunkline.egress.messages import Response, TransportError


class FailureType(StrEnum):
    """The reason why an action failed; `docs/tools.md` explains each."""

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
    """Why an invocation failed.

    If `may_have_happened` is true, a repeat may do the action twice. `http_status` and `answer` are the
    backend's.
    """

    type: str
    message: str
    may_have_happened: bool
    action: NotRequired[int]
    http_status: NotRequired[int]
    answer: NotRequired[Any]


class ActionFailed(Exception):
    """An action was not done, or may have been done."""

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
        """Return the failure as it is shown to the agent."""
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


MAY_HAVE_HAPPENED = "; it may still have been done"
_TEXTS = {
    TransportError.REFUSED_ADDRESS: "The backend's address must not be called",
    TransportError.DNS: "The backend's host name does not resolve",
    TransportError.CONNECT: "The connection to the backend failed",
    TransportError.TLS: "The backend's certificate is not valid",
    TransportError.TIMEOUT: "The backend did not respond in time",
    TransportError.BROKEN: "The connection to the backend broke",
    TransportError.INVALID: "The request is not valid HTTP",
}


def no_response_error(response: Response, tries: int, *, may_have_happened: bool) -> ActionFailed:
    """Return the failure of a request without a response; it, or an earlier try, may have happened."""
    error = response.error or TransportError.BROKEN
    times = f" (tried {tries} times)" if tries > 1 else ""
    outcome = MAY_HAVE_HAPPENED if may_have_happened else "; nothing was done"
    reason = f" ({response.detail})" if error is TransportError.REFUSED_ADDRESS else ""
    text = _TEXTS[error] + reason + times + outcome
    return ActionFailed(FailureType(error.value), text, may_have_happened=may_have_happened)


def is_retryable(response: Response, *, repeatable: bool) -> bool:
    """Tell whether a request may be retried; `repeatable` if that is harmless even after it was done.

    429, 5xx and a failed connection mean that it was not done.
    """
    if response.status is not None:
        return response.status == _TOO_MANY_REQUESTS or response.status >= SERVER_ERROR
    if response.error in (TransportError.REFUSED_ADDRESS, TransportError.TLS, TransportError.INVALID):
        return False
    return repeatable or not response.sent


_TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
_FIRST_WAIT_S, _MAX_WAIT_S = 0.25, 4.0


def retry_wait_s(tries: int, requested_s: float, jitter: float) -> float:
    """Return the wait in seconds after a number of tries.

    It doubles each time, varies with `jitter` (0 to 1), and is at least what the backend requests.
    """
    doubled_s = min(_MAX_WAIT_S, _FIRST_WAIT_S * 2.0 ** (tries - 1))
    return max(requested_s, doubled_s * (0.5 + jitter))
