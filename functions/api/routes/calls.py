"""Routes that read and change calls."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.call_control.call_query import CallQuery
from trunkline.call_control.cancel_calls import CallCancellation, CancelResults
from trunkline.call_control.get_call import CallEventList, CallList, TranscriptView, WaitQuery
from trunkline.call_control.join_tokens import JoinToken
from trunkline.call_control.reschedule_call import CallReschedule
from trunkline.calls.response_schemas import CallView, PolledCallView
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.calls import (
    call_reader,
    cancel_call_service,
    cancel_calls_service,
    erase_call_service,
    join_token_service,
    reschedule_call_service,
)
from .queries import CursorQuery

group = RouteGroup(not_found="No such call.")


@group.get("/api/v1/calls", scope=Scope.CALLS_READ, returns="A page of calls.")
def list_calls(request: ApiRequest, query: CallQuery) -> CallList:
    """List calls, newest first.

    A page may have fewer calls than `limit`, or none, if few match the filter: continue while there is a
    `next_cursor`.
    """
    return call_reader().list_calls(request.principal, query)


@group.get("/api/v1/calls/{call_id}", scope=Scope.CALLS_READ, returns="The call.")
def get_call(request: ApiRequest, call_id: str, query: WaitQuery) -> PolledCallView:
    """Read a call: status, ids, timeline and reasons.

    Another tenant's call looks like a missing one.
    """
    return call_reader().get(request.principal, call_id, query)


@group.patch(
    "/api/v1/calls/{call_id}",
    scope=Scope.CALLS_CREATE,
    returns="The changed call.",
    errors={409: "The call was queued already, or has ended."},
    example={"earliestAt": "2030-01-01T10:00:00Z"},
)
def reschedule_call(request: ApiRequest, call_id: str, body: CallReschedule) -> CallView:
    """Change a scheduled call before it is queued."""
    reschedule_call_service().change(request.principal, call_id, body)
    return call_reader().get(request.principal, call_id)


@group.delete(
    "/api/v1/calls/{call_id}",
    scope=Scope.CALLS_CREATE,
    returns="The data is erased.",
    errors={409: "The call has not ended."},
)
def erase_call(request: ApiRequest, call_id: str) -> Deleted:
    """Erase a call's personal data.

    Numbers, user, context, metadata, transcript, summary and variables are erased; that the call took place,
    when, and how it ended is kept.
    """
    erase_call_service().erase(request.principal, call_id)
    return deleted(call_id)


@group.get("/api/v1/calls/{call_id}/events", scope=Scope.CALLS_READ)
def list_call_events(request: ApiRequest, call_id: str, query: CursorQuery) -> CallEventList:
    """List a call's events, in order."""
    return call_reader().events(request.principal, call_id, query.cursor)


@group.get("/api/v1/calls/{call_id}/transcript", scope=Scope.CALLS_READ)
def get_transcript(request: ApiRequest, call_id: str, query: CursorQuery) -> TranscriptView:
    """Read a call's transcript."""
    return call_reader().transcript(request.principal, call_id, query.cursor)


@group.post(
    "/api/v1/calls/{call_id}/token",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="The token.",
    errors={409: "The call has ended."},
)
def create_listening_token(request: ApiRequest, call_id: str) -> JoinToken:
    """Create a new token to listen in.

    A later attempt of a phone call has another room.
    """
    return join_token_service().for_listener(request.principal, call_id)


@group.post(
    "/api/v1/calls/cancel",
    scope=Scope.CALLS_CREATE,
    idempotent=False,
    returns="What became of each call.",
    example={"call_ids": ["6f1ff9cd-5f60-4b6c-9f0e-6c4f6f6b7d4e"]},
)
def cancel_calls(request: ApiRequest, body: CallCancellation) -> CancelResults:
    """Cancel up to 100 calls, or hang them up.

    Each is cancelled for itself, as by its own route. Repeat the request for those that say `try_again`.
    """
    return cancel_calls_service().cancel(request.principal, body)


@group.post(
    "/api/v1/calls/{call_id}/cancel",
    scope=Scope.CALLS_CREATE,
    idempotent=False,
    returns="The changed call.",
)
def cancel_call(request: ApiRequest, call_id: str) -> CallView:
    """Cancel a call, or hang it up.

    A queued call ends at once and never rings; a ringing one is sent a SIP CANCEL; an active one is hung up.
    While its SIP leg is being removed, `cancel_requested` is true.
    """
    cancel_call_service().cancel(request.principal, call_id)
    return call_reader().get(request.principal, call_id)
