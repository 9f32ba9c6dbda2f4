"""Routes that create calls."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.call_control.outbound import OutboundCall, ScheduledCall
from trunkline.call_control.workflow_call_schemas import OpenedCall, TestAgentCall, WorkflowCall
from trunkline.calls.response_schemas import AcceptedCall, ScheduledAnswer
from trunkline.calls.responses import accepted_answer, scheduled_answer
from trunkline.http_api.responses import Reply
from trunkline.http_api.routing import RouteGroup
from trunkline.storage.idempotency import IdempotencyKey

from ..auth import ApiRequest
from ..bootstrap.calls import join_token_service
from ..bootstrap.outbound import outbound_call_service, workflow_call_service

_KEY_IN_USE = {409: "The Idempotency-Key was used with another body, or is in use."}
_NOT_QUEUED = {500: "LiveKit is not configured, or the call could not be queued: a retry is safe."}
_PHONE_ERRORS = {400: "A field is not valid, or the agent cannot make calls.", 404: "You have no such agent."}

group = RouteGroup()


@group.post(
    "/api/v1/calls/outbound",
    records_refusals_of="api",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="The call is queued.",
    errors=_PHONE_ERRORS | _KEY_IN_USE | _NOT_QUEUED,
    example={"agentId": "00000000-0000-4000-8000-000000000000", "phoneNumber": "+15550100001"},
)
def create_outbound_call(
    request: ApiRequest, body: OutboundCall, idempotency_key: IdempotencyKey | None
) -> Reply[AcceptedCall]:
    """Queue a phone call; it is dialled at the trunk's pace.

    `calls:initiate` is the same right as `calls:create`.
    """
    admitted = outbound_call_service().create(
        request.principal, body, source="api", idempotency_key=idempotency_key
    )
    request.log_call(admitted.call)
    return Reply(accepted_answer(admitted.call), admitted.replayed)


@group.post(
    "/api/v1/calls/schedule",
    records_refusals_of="schedule",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="The call is scheduled; it is queued when its time comes.",
    errors=_PHONE_ERRORS | _KEY_IN_USE | {500: "LiveKit is not configured."},
    example={
        "agentId": "00000000-0000-4000-8000-000000000000",
        "phoneNumber": "+15550100001",
        "earliestAt": "2030-01-01T09:00:00Z",
    },
)
def schedule_call(
    request: ApiRequest, body: ScheduledCall, idempotency_key: IdempotencyKey | None
) -> Reply[ScheduledAnswer]:
    """Schedule a phone call for a time, or a window of time."""
    service = outbound_call_service()
    admitted = service.create(request.principal, body, source="schedule", idempotency_key=idempotency_key)
    request.log_call(admitted.call)
    return Reply(scheduled_answer(admitted.call), admitted.replayed)


@group.post(
    "/api/v1/calls",
    records_refusals_of="api",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="The call, and a token to join it (for a phone call: to listen in).",
    errors={
        400: "A field is not valid, or does not suit the workflow's channel.",
        404: "You have no such workflow.",
    }
    | _KEY_IN_USE
    | _NOT_QUEUED,
    example={
        "workflow_slug": "daily-checkin",
        "user_id": "user_1",
        "user_context": {"user_name": "John"},
    },
)
def create_call(
    request: ApiRequest, body: WorkflowCall, idempotency_key: IdempotencyKey | None
) -> Reply[OpenedCall]:
    """Create a call of a workflow: the user joins by web or is phoned.

    A web call ends as `timeout` if nobody joins within the workflow's join window.
    """
    admitted = workflow_call_service().create(
        request.principal, body, source="api", idempotency_key=idempotency_key
    )
    request.log_call(admitted.call)
    return Reply(join_token_service().for_caller(admitted.call), admitted.replayed)


@group.post(
    "/api/v1/calls/test-agent",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="The call, and a token to join it.",
    errors={404: "You have no agent of that name.", 500: "LiveKit is not configured."} | _KEY_IN_USE,
    example={"agent_name": "Ada", "user_id": "user_1"},
)
def create_test_call(
    request: ApiRequest, body: TestAgentCall, idempotency_key: IdempotencyKey | None
) -> Reply[OpenedCall]:
    """Create a web call with one agent and no workflow."""
    service = workflow_call_service()
    admitted = service.create_test(
        request.principal, body, source="test-agent", idempotency_key=idempotency_key
    )
    request.log_call(admitted.call)
    return Reply(join_token_service().for_caller(admitted.call), admitted.replayed)
