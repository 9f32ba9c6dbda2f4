"""Routes under `/api/v1/calls/{id}/dispatches`."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.livekit.dispatch_schemas import NewDispatch

from .access import Asked, asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _who(scope: Scope) -> Asked:
    return asked(router.current_event, scope)


@router.get("/api/v1/calls/<call_id>/dispatches")
def list_dispatches(call_id: str) -> Response[str]:
    query = router.current_event.query_string_parameters
    wanted = query.get("dispatch_id") or query.get("dispatchId")
    return json_response(200, services().dispatches.list(_who(Scope.CALLS_READ).principal, call_id, wanted))


@router.post("/api/v1/calls/<call_id>/dispatches")
def create_dispatch(call_id: str) -> Response[str]:
    who = _who(Scope.CALLS_CREATE)
    wish, desk = who.body(NewDispatch), services().dispatches
    return who.made(f"calls/{call_id}/dispatches", wish, lambda: desk.create(who.principal, call_id, wish))


@router.delete("/api/v1/calls/<call_id>/dispatches/<dispatch_id>")
def delete_dispatch(call_id: str, dispatch_id: str) -> Response[str]:
    principal = _who(Scope.CALLS_CREATE).principal
    return json_response(200, services().dispatches.delete(principal, call_id, dispatch_id))
