"""Routes of trunks."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.dial_queue.trunk_service import TrunkChange, TrunkList, TrunkView
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.queue import trunk_service

_NO_TRUNK = {404: "No such trunk."}

group = RouteGroup()


@group.get(
    "/api/v1/trunks",
    operation_id="listTrunks",
    summary="List your trunks: state, pace, calls that wait and calls in progress.",
    description="The counts are of your own calls.",
    scope=Scope.TRUNKS_READ,
    returns="The trunks.",
)
def list_trunks(request: ApiRequest) -> TrunkList:
    return trunk_service().list(request.principal)


@group.get(
    "/api/v1/trunks/{trunk_id}",
    operation_id="getTrunk",
    summary="Read a trunk and its latest events.",
    scope=Scope.TRUNKS_READ,
    returns="The trunk.",
    errors=_NO_TRUNK,
)
def get_trunk(request: ApiRequest, trunk_id: str) -> TrunkView:
    return trunk_service().get(request.principal, trunk_id)


@group.patch(
    "/api/v1/trunks/{trunk_id}",
    operation_id="changeTrunk",
    summary="Pause or resume a trunk that only you use, or change its limits.",
    description="A running lane applies the change within 3 s: calls that were not sent return to the "
    "queue, calls that ring continue. null removes a limit of yours.",
    scope=Scope.TRUNKS_WRITE,
    returns="The changed trunk.",
    errors=_NO_TRUNK
    | {
        400: "A field is not valid, or exceeds the operator's limit.",
        403: "The key lacks the scope, or the trunk is shared with other tenants.",
    },
    example={"paused": True},
)
def change_trunk(request: ApiRequest, trunk_id: str, body: TrunkChange) -> TrunkView:
    return trunk_service().change(request.principal, trunk_id, body)
