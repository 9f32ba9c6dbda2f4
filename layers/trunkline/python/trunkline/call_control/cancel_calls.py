"""Cancelling many calls in one request: each for itself, with a result of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.call_control.cancel_call import CancelCallService
from trunkline.calls.models import Call, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.states import status_v1
from trunkline.core.clock import Clock
from trunkline.core.errors import NotFound, TrunklineError
from trunkline.core.validation import InputModel

MAX_CALLS = 100
DEADLINE_S = 15
"""When no further call is begun: LiveKit may take 12 s for the last ones, and a request has 29 s."""

_BY_REQUEST = {Reason.CANCELLED, Reason.HANGUP_REQUESTED}
_FAILURES = (TrunklineError, StaleCall, BotoCoreError, ClientError)
Result = Literal["cancelled", "requested", "ended", "not_found", "try_again"]


class CallCancellation(InputModel):
    """The body of `POST /api/v1/calls/cancel`."""

    call_ids: Annotated[
        list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=MAX_CALLS)
    ]


class CancelResult(TypedDict):
    """What became of one call.

    `cancelled`: it has ended by request; `requested`: its leg is being removed; `ended`: it had ended
    otherwise; `not_found`: you have no such call; `try_again`: the outcome is not known, or time was up.
    """

    call_id: str
    result: Result
    status: str | None


class CancelResults(TypedDict):
    """One result for each call, in the order of the request; an id that was named twice has one."""

    data: list[CancelResult]


@dataclass(frozen=True)
class CancelCallsService:
    """Cancels calls by the rules of a single cancel. `for_each` is `map`, or one of several threads."""

    cancel_call: CancelCallService
    clock: Clock
    log: Logger
    for_each: Callable[[Callable[[str], CancelResult], Iterable[str]], Iterable[CancelResult]] = map

    def cancel(self, principal: Principal, request: CallCancellation) -> CancelResults:
        """Cancel each call; repeating the request does no harm."""
        until_us = self.clock.monotonic_us() + DEADLINE_S * 1_000_000
        cancel = partial(self._cancel, principal, until_us)
        return {"data": list(self.for_each(cancel, dict.fromkeys(request.call_ids)))}

    def _cancel(self, principal: Principal, until_us: int, call_id: str) -> CancelResult:
        if self.clock.monotonic_us() >= until_us:
            return {"call_id": call_id, "result": "try_again", "status": None}
        try:
            call = self.cancel_call.cancel(principal, call_id)
        except NotFound:
            return {"call_id": call_id, "result": "not_found", "status": None}
        except _FAILURES as error:
            self.log.warning("call not cancelled", call_id=call_id, cause=type(error).__name__)
            return {"call_id": call_id, "result": "try_again", "status": None}
        return {"call_id": call_id, "result": _result(call), "status": status_v1(call.state)}


def _result(call: Call) -> Result:
    if not call.is_terminal:
        return "requested"
    return "cancelled" if call.reason in _BY_REQUEST else "ended"
