"""Routes under `/api/v1/trunks`."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.dial_queue.trunk_service import TrunkChange

from .access import asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/api/v1/trunks")
def list_trunks() -> Response[str]:
    principal = asked(router.current_event, Scope.TRUNKS_READ).principal
    return json_response(200, services().trunks.list(principal))


@router.get("/api/v1/trunks/<trunk_id>")
def get_trunk(trunk_id: str) -> Response[str]:
    principal = asked(router.current_event, Scope.TRUNKS_READ).principal
    return json_response(200, services().trunks.get(principal, trunk_id))


@router.patch("/api/v1/trunks/<trunk_id>")
def change_trunk(trunk_id: str) -> Response[str]:
    who = asked(router.current_event, Scope.TRUNKS_WRITE)
    return json_response(200, services().trunks.change(who.principal, trunk_id, who.body(TrunkChange)))
