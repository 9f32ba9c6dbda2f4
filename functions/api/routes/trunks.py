"""Routes of trunks."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.call_control.follow_trunks import ActivityList, FollowQuery
from trunkline.dial_queue.trunk_activity import ActivityQuery, TrunkActivity
from trunkline.dial_queue.trunk_service import TrunkChange, TrunkList, TrunkView
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.queue import trunk_activity_service, trunk_follower, trunk_service

group = RouteGroup(not_found="No such trunk.")


@group.get("/api/v1/trunks", scope=Scope.TRUNKS_READ, returns="The trunks.")
def list_trunks(request: ApiRequest) -> TrunkList:
    """List your trunks: state, pace, calls that wait and calls in progress.

    The counts are of your own calls.
    """
    return trunk_service().list(request.principal)


@group.get("/api/v1/trunks/{trunk_id}", scope=Scope.TRUNKS_READ, returns="The trunk.")
def get_trunk(request: ApiRequest, trunk_id: str) -> TrunkView:
    """Read a trunk and its latest events."""
    return trunk_service().get(request.principal, trunk_id)


@group.get("/api/v1/trunks/{trunk_id}/activity", scope=Scope.TRUNKS_READ)
def get_trunk_activity(request: ApiRequest, trunk_id: str, query: ActivityQuery) -> TrunkActivity:
    """Read what a trunk does now: starts of each second, what waits and for what, its lane and its breaker.

    Of a shared trunk you see the starts and calls of your own alone.
    """
    return trunk_activity_service().get(request.principal, trunk_id, query.seconds)


@group.get(
    "/api/v1/activity",
    scope=Scope.TRUNKS_READ,
    errors={404: "`trunk_id` does not exist, or is not yours."},
)
def list_trunk_activity(request: ApiRequest, query: FollowQuery) -> ActivityList:
    """Read what all of your trunks do now, or wait until that changes.

    With `wait` and `after`, the response comes when something but the time differs from that version.
    """
    return trunk_follower().activity(request.principal, query)


@group.patch(
    "/api/v1/trunks/{trunk_id}",
    scope=Scope.TRUNKS_WRITE,
    returns="The changed trunk.",
    errors={
        400: "A field is not valid, or exceeds the operator's limit.",
        403: "The key lacks the scope, or the trunk is shared with other tenants.",
    },
    example={"paused": True},
)
def change_trunk(request: ApiRequest, trunk_id: str, body: TrunkChange) -> TrunkView:
    """Pause or resume a trunk that only you use, or change its limits.

    A running lane applies the change within half a second of the response: calls that were not sent return
    to the queue, calls that ring continue. null removes a limit of yours.
    """
    return trunk_service().change(request.principal, trunk_id, body)
