"""Routes under `/api/v1/calls`."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.calls.place import OutboundCall
from trunkline.calls.read import accepted_answer
from trunkline.http.body import read_body
from trunkline.idempotency import Once
from trunkline.tenants.keys import Scope

from .access import require
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post("/api/v1/calls/outbound")
def create_outbound_call() -> Response[str]:
    event = router.current_event
    principal = require(services().keys, event.headers, Scope.CALLS_CREATE)
    request = read_body(OutboundCall, event.body, is_base64=bool(event.is_base64_encoded))
    scope = f"{principal.tenant_id}#{principal.livemode}#calls/outbound"
    once = Once.of(event.headers, scope, request.model_dump(mode="json"))
    placed = services().desk.place(principal, request, source="api", once=once)
    replayed = {"Idempotent-Replayed": "true"} if placed.replayed else {}
    return json_response(201, accepted_answer(placed.call), replayed)


@router.get("/api/v1/calls/<call_id>")
def get_call(call_id: str) -> Response[str]:
    principal = require(services().keys, router.current_event.headers, Scope.CALLS_READ)
    return json_response(200, services().reader.read(principal, call_id))


@router.post("/api/v1/calls/<call_id>/cancel")
def cancel_call(call_id: str) -> Response[str]:
    principal = require(services().keys, router.current_event.headers, Scope.CALLS_CREATE)
    services().cancels.cancel(principal, call_id)
    return json_response(200, services().reader.read(principal, call_id))
