"""Routes under `/api/v1/calls`."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.call_control.get_call import WaitQuery
from trunkline.call_control.list_calls import CallQuery
from trunkline.call_control.outbound import OutboundCall, ScheduledCall
from trunkline.call_control.reschedule_call import ScheduleChange
from trunkline.call_control.workflow_call_schemas import TestAgentCall, WorkflowCall
from trunkline.calls.responses import accepted_answer, scheduled_answer
from trunkline.core.validation import validated_query
from trunkline.http_api.responses import deleted

from .access import Asked, asked, replayed
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _who(scope: Scope) -> Asked:
    return asked(router.current_event, scope)


@router.post("/api/v1/calls/outbound")
def create_outbound_call() -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    request = who.body(OutboundCall)
    placed = services().desk.create(
        who.principal, request, source="api", idempotency_key=who.once("calls/outbound", request)
    )
    return json_response(201, accepted_answer(placed.call), replayed(placed.replayed))


@router.post("/api/v1/calls/schedule")
def schedule_call() -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    request = who.body(ScheduledCall)
    once = who.once("calls/schedule", request)
    placed = services().desk.create(who.principal, request, source="schedule", idempotency_key=once)
    return json_response(201, scheduled_answer(placed.call), replayed(placed.replayed))


@router.patch("/api/v1/calls/<call_id>")
def reschedule_call(call_id: str) -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    services().reschedules.change(who.principal, call_id, who.body(ScheduleChange))
    return json_response(200, services().reader.get(who.principal, call_id))


@router.post("/api/v1/calls")
def create_call() -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    request = who.body(WorkflowCall)
    once = who.once("calls", request)
    placed = services().workflow_calls.create(who.principal, request, source="api", idempotency_key=once)
    return json_response(201, services().joins.for_caller(placed.call), replayed(placed.replayed))


@router.post("/api/v1/calls/test-agent")
def create_test_call() -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    request = who.body(TestAgentCall)
    once = who.once("calls/test-agent", request)
    placed = services().workflow_calls.create_test(
        who.principal, request, source="test-agent", idempotency_key=once
    )
    return json_response(201, services().joins.for_caller(placed.call), replayed(placed.replayed))


@router.get("/api/v1/calls")
def list_calls() -> Response[str]:
    who = _who(Scope.CALLS_READ)
    query = validated_query(CallQuery, router.current_event.query_string_parameters)
    return json_response(200, services().reader.list_calls(who.principal, query))


@router.get("/api/v1/calls/<call_id>")
def get_call(call_id: str) -> Response[str]:
    who = _who(Scope.CALLS_READ)
    query = validated_query(WaitQuery, router.current_event.query_string_parameters)
    return json_response(200, services().reader.get(who.principal, call_id, query))


@router.get("/api/v1/calls/<call_id>/events")
def get_events(call_id: str) -> Response[str]:
    return json_response(200, services().reader.events(_who(Scope.CALLS_READ).principal, call_id))


@router.get("/api/v1/calls/<call_id>/transcript")
def get_transcript(call_id: str) -> Response[str]:
    who = _who(Scope.CALLS_READ)
    cursor = router.current_event.query_string_parameters.get("cursor")
    return json_response(200, services().reader.transcript(who.principal, call_id, cursor))


@router.post("/api/v1/calls/<call_id>/cancel")
def cancel_call(call_id: str) -> Response[str]:
    principal = _who(Scope.CALLS_CREATE).principal
    services().cancels.cancel(principal, call_id)
    return json_response(200, services().reader.get(principal, call_id))


@router.delete("/api/v1/calls/<call_id>")
def erase_call(call_id: str) -> Response[str]:
    services().erasing.erase(_who(Scope.CALLS_CREATE).principal, call_id)
    return json_response(200, deleted(call_id))


@router.post("/api/v1/calls/<call_id>/token")
def create_token(call_id: str) -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    return who.made(
        f"calls/{call_id}/token", None, lambda: services().joins.for_listener(who.principal, call_id)
    )
