"""Routes under `/api/v1/trunks`."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.dialing.trunk_desk import TrunkChange
from trunkline.http.body import read_body
from trunkline.tenants.keys import Scope

from .access import require
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/api/v1/trunks")
def list_trunks() -> Response[str]:
    principal = require(services().keys, router.current_event.headers, Scope.TRUNKS_READ)
    return json_response(200, services().trunks.list(principal))


@router.get("/api/v1/trunks/<trunk_id>")
def get_trunk(trunk_id: str) -> Response[str]:
    principal = require(services().keys, router.current_event.headers, Scope.TRUNKS_READ)
    return json_response(200, services().trunks.get(principal, trunk_id))


@router.patch("/api/v1/trunks/<trunk_id>")
def change_trunk(trunk_id: str) -> Response[str]:
    event = router.current_event
    principal = require(services().keys, event.headers, Scope.TRUNKS_WRITE)
    change = read_body(TrunkChange, event.body, is_base64=bool(event.is_base64_encoded))
    return json_response(200, services().trunks.change(principal, trunk_id, change))
