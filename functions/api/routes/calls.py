"""Routes that read and change calls."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.call_control.get_call import CallEventList, CallList, TranscriptView, WaitQuery
from trunkline.call_control.join_tokens import JoinToken
from trunkline.call_control.list_calls import CallQuery
from trunkline.call_control.reschedule_call import ScheduleChange
from trunkline.calls.response_schemas import CallView
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.calls import (
    call_reader,
    cancel_call_service,
    erase_call_service,
    join_token_service,
    reschedule_call_service,
)
from .queries import CursorQuery

_NO_CALL = {404: "No such call."}

group = RouteGroup()


@group.get(
    "/api/v1/calls",
    operation_id="listCalls",
    summary="List calls, newest first.",
    description="A page may have fewer calls than `limit`, or none, if few match the filter: continue while "
    "there is a `next_cursor`.",
    scope=Scope.CALLS_READ,
    returns="A page of calls.",
)
def list_calls(request: ApiRequest, query: CallQuery) -> CallList:
    return call_reader().list_calls(request.principal, query)


@group.get(
    "/api/v1/calls/{call_id}",
    operation_id="getCall",
    summary="Read a call: status, ids, timeline and reasons.",
    description="Another tenant's call looks like a missing one.",
    scope=Scope.CALLS_READ,
    returns="The call.",
    errors=_NO_CALL,
)
def get_call(request: ApiRequest, call_id: str, query: WaitQuery) -> CallView:
    return call_reader().get(request.principal, call_id, query)


@group.patch(
    "/api/v1/calls/{call_id}",
    operation_id="rescheduleCall",
    summary="Change a scheduled call before it is queued.",
    scope=Scope.CALLS_CREATE,
    returns="The changed call.",
    errors=_NO_CALL | {409: "The call was queued already, or has ended."},
    example={"earliestAt": "2030-01-01T10:00:00Z"},
)
def reschedule_call(request: ApiRequest, call_id: str, body: ScheduleChange) -> CallView:
    reschedule_call_service().change(request.principal, call_id, body)
    return call_reader().get(request.principal, call_id)


@group.delete(
    "/api/v1/calls/{call_id}",
    operation_id="eraseCall",
    summary="Erase a call's personal data.",
    description="Numbers, user, context, metadata, transcript, summary and variables are erased; that the "
    "call took place, when, and how it ended is kept.",
    scope=Scope.CALLS_CREATE,
    returns="The data is erased.",
    errors=_NO_CALL | {409: "The call has not ended."},
)
def erase_call(request: ApiRequest, call_id: str) -> Deleted:
    erase_call_service().erase(request.principal, call_id)
    return deleted(call_id)


@group.get(
    "/api/v1/calls/{call_id}/events",
    operation_id="listCallEvents",
    summary="List a call's events, in order.",
    scope=Scope.CALLS_READ,
    errors=_NO_CALL,
)
def list_events(request: ApiRequest, call_id: str) -> CallEventList:
    return call_reader().events(request.principal, call_id)


@group.get(
    "/api/v1/calls/{call_id}/transcript",
    operation_id="getTranscript",
    summary="Read a call's transcript.",
    scope=Scope.CALLS_READ,
    errors=_NO_CALL,
)
def get_transcript(request: ApiRequest, call_id: str, query: CursorQuery) -> TranscriptView:
    return call_reader().transcript(request.principal, call_id, query.cursor)


@group.post(
    "/api/v1/calls/{call_id}/token",
    operation_id="createListeningToken",
    summary="Create a new token to listen in.",
    description="A later attempt of a phone call has another room.",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="The token.",
    errors=_NO_CALL | {409: "The call has ended."},
)
def create_token(request: ApiRequest, call_id: str) -> JoinToken:
    return join_token_service().for_listener(request.principal, call_id)


@group.post(
    "/api/v1/calls/{call_id}/cancel",
    operation_id="cancelCall",
    summary="Cancel a call, or hang it up.",
    description="A queued call ends at once and never rings; a ringing one is sent a SIP CANCEL; an active "
    "one is hung up. While its SIP leg is being removed, `cancel_requested` is true.",
    scope=Scope.CALLS_CREATE,
    idempotent=False,
    returns="The changed call.",
    errors=_NO_CALL,
)
def cancel_call(request: ApiRequest, call_id: str) -> CallView:
    cancel_call_service().cancel(request.principal, call_id)
    return call_reader().get(request.principal, call_id)
