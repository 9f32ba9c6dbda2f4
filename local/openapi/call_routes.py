"""The routes under `/api/v1/calls`."""

from __future__ import annotations

from local.openapi.route import Route
from trunkline.calls.dispatch_input import NewDispatch
from trunkline.calls.dispatch_shapes import DispatchList, DispatchView
from trunkline.calls.joining import JoinToken
from trunkline.calls.place import OutboundCall, ScheduledCall
from trunkline.calls.read import CallEventList, CallList, TranscriptView
from trunkline.calls.reschedule import ScheduleChange
from trunkline.calls.response_schemas import AcceptedCall, CallView, ScheduledAnswer
from trunkline.calls.workflow_calls import OpenedCall, TestAgentCall, WorkflowCall
from trunkline.http_api.responses import Deleted

_NO_CALL = {"404": "No such call."}

CALLS = (
    Route(
        "post",
        "/api/v1/calls/outbound",
        "createOutboundCall",
        "Queue a phone call; it is dialled at the trunk's pace.",
        "calls:create",
        AcceptedCall,
        status=201,
        means="The call is queued.",
        takes=OutboundCall,
        more="`calls:initiate` is the same right as `calls:create`.",
        errors={
            "400": "A field is wrong, or the agent can't make calls.",
            "404": "The tenant has no such agent.",
            "409": "The Idempotency-Key was used with another body, or is in use at this moment.",
            "500": "LiveKit is not configured, or the call could not be queued: a retry is safe.",
        },
    ),
    Route(
        "post",
        "/api/v1/calls/schedule",
        "scheduleCall",
        "Schedule a phone call for a time, or a window of time.",
        "calls:create",
        ScheduledAnswer,
        status=201,
        means="The call is scheduled; it is queued when its time comes.",
        takes=ScheduledCall,
        errors={
            "400": "A field is wrong, or the agent can't make calls.",
            "404": "The tenant has no such agent.",
            "409": "The Idempotency-Key was used with another body, or is in use at this moment.",
            "500": "LiveKit is not configured.",
        },
    ),
    Route(
        "patch",
        "/api/v1/calls/{call_id}",
        "rescheduleCall",
        "Change a scheduled call before its time has come.",
        "calls:create",
        CallView,
        means="The call as it is now.",
        takes=ScheduleChange,
        errors=_NO_CALL | {"409": "Its time has come, or it has ended."},
    ),
    Route(
        "post",
        "/api/v1/calls",
        "createCall",
        "Start a call by workflow, for somebody who joins by web or is phoned.",
        "calls:create",
        OpenedCall,
        status=201,
        means="The call, and a token to join it (of a phone call: to listen in).",
        takes=WorkflowCall,
        more="A web call ends as `timeout` if nobody joins within the workflow's join window.",
        errors={
            "400": "A field is wrong, or does not fit the workflow's channel.",
            "404": "The tenant has no such workflow.",
            "409": "The Idempotency-Key was used with another body, or is in use at this moment.",
            "500": "LiveKit is not configured, or the call could not be queued: a retry is safe.",
        },
    ),
    Route(
        "post",
        "/api/v1/calls/test-agent",
        "createTestCall",
        "Start a web call with one agent and no workflow.",
        "calls:create",
        OpenedCall,
        status=201,
        means="The call, and a token to join it.",
        takes=TestAgentCall,
        errors={
            "404": "The tenant has no agent of that name.",
            "409": "The Idempotency-Key was used with another body, or is in use at this moment.",
            "500": "LiveKit is not configured.",
        },
    ),
    Route(
        "get",
        "/api/v1/calls",
        "listCalls",
        "List calls, newest first.",
        "calls:read",
        CallList,
        means="A page of calls.",
        more="A page may have fewer calls than `limit`, even none, where few pass the filter: go on while "
        "there is a `next_cursor`.",
        query={
            "status": "A state of a call, as `docs/statuses.md` lists them.",
            "workflow_slug": "Calls of this workflow.",
            "agent_id": "Calls that were made with this agent.",
            "user_id": "Calls of this user.",
            "created_after": "ISO 8601, included.",
            "created_before": "ISO 8601, not included.",
            "limit": "1 to 100; default 25.",
            "cursor": "The `next_cursor` of the page before.",
        },
    ),
    Route(
        "get",
        "/api/v1/calls/{call_id}",
        "getCall",
        "Read a call: status, ids, timeline and reasons.",
        "calls:read",
        CallView,
        means="The call.",
        more="Another tenant's call is like a missing one.",
        query={
            "wait": "Seconds, at most 25: answer when the call has changed or ended, or the time is over.",
            "after": "The `last_event` that is known; default: as the call is when the request comes.",
        },
        errors=_NO_CALL,
    ),
    Route(
        "delete",
        "/api/v1/calls/{call_id}",
        "eraseCall",
        "Erase what a call holds of a person.",
        "calls:create",
        Deleted,
        means="It is erased.",
        more="Numbers, user, context, metadata, transcript, summary and variables go; that the call took "
        "place, when, and how it ended stays.",
        errors=_NO_CALL | {"409": "The call has not ended."},
    ),
    Route(
        "get",
        "/api/v1/calls/{call_id}/events",
        "listCallEvents",
        "Read what happened in a call, in order.",
        "calls:read",
        CallEventList,
        errors=_NO_CALL,
    ),
    Route(
        "get",
        "/api/v1/calls/{call_id}/transcript",
        "getTranscript",
        "Read what was said in a call.",
        "calls:read",
        TranscriptView,
        query={"cursor": "Where to go on."},
        errors=_NO_CALL,
    ),
    Route(
        "post",
        "/api/v1/calls/{call_id}/token",
        "createListeningToken",
        "Sign a fresh token to listen in.",
        "calls:create",
        JoinToken,
        status=201,
        means="The token.",
        more="A later attempt of a phone call has another room.",
        errors=_NO_CALL | {"409": "The call has ended."},
    ),
    Route(
        "post",
        "/api/v1/calls/{call_id}/cancel",
        "cancelCall",
        "Cancel a call, or hang it up.",
        "calls:create",
        CallView,
        means="The call as it is now.",
        more=(
            "A waiting call ends at once and never rings; a ringing one gets a CANCEL; an active one is hung "
            "up. While the leg is being removed `cancel_requested` is true."
        ),
        once=False,
        errors=_NO_CALL,
    ),
    Route(
        "get",
        "/api/v1/calls/{call_id}/dispatches",
        "listDispatches",
        "List the agent dispatches of a call's room.",
        "calls:read",
        DispatchList,
        means="LiveKit's ListAgentDispatchResponse.",
        more="A room that is gone gives an empty list. `dispatchId` is taken, too.",
        query={"dispatch_id": "Only the dispatch of this id."},
        errors=_NO_CALL | {"502": "LiveKit did not answer."},
    ),
    Route(
        "post",
        "/api/v1/calls/{call_id}/dispatches",
        "createDispatch",
        "Send another agent into a call.",
        "calls:create",
        DispatchView,
        status=201,
        means="LiveKit's AgentDispatch.",
        takes=NewDispatch,
        more="Keys are taken in snake_case and in camelCase. Not idempotent: a repeat adds another agent.",
        errors={
            "404": "No such call, or you have no such agent.",
            "409": "The call has ended, or has no room yet.",
            "502": "LiveKit did not answer: the agent may or may not have been sent.",
        },
    ),
    Route(
        "delete",
        "/api/v1/calls/{call_id}/dispatches/{dispatch_id}",
        "deleteDispatch",
        "Take an agent out of a call.",
        "calls:create",
        DispatchView,
        means="LiveKit's AgentDispatch.",
        errors={"404": "No such call or dispatch.", "502": "LiveKit did not answer."},
    ),
)
