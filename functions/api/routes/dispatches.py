"""Routes of the agent dispatches in a call's room."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.dispatch_schemas import DispatchList, DispatchView, NewDispatch

from ..auth import ApiRequest
from ..bootstrap.calls import dispatch_service
from .queries import DispatchQuery

group = RouteGroup()


@group.get(
    "/api/v1/calls/{call_id}/dispatches",
    scope=Scope.CALLS_READ,
    returns="LiveKit's ListAgentDispatchResponse.",
    errors={404: "No such call.", 502: "LiveKit did not respond."},
)
def list_dispatches(request: ApiRequest, call_id: str, query: DispatchQuery) -> DispatchList:
    """List the agent dispatches of a call's room.

    The list is empty once the room no longer exists. `dispatchId` is accepted, too.
    """
    return dispatch_service().list(request.principal, call_id, query.dispatch_id)


@group.post(
    "/api/v1/calls/{call_id}/dispatches",
    scope=Scope.CALLS_CREATE,
    status=201,
    returns="LiveKit's AgentDispatch.",
    errors={
        404: "No such call, or you have no such agent.",
        409: "The call has ended, or has no room yet.",
        502: "LiveKit did not respond: the agent may or may not have been dispatched.",
    },
    example={"agent_name": "Ada"},
)
def create_dispatch(request: ApiRequest, call_id: str, body: NewDispatch) -> DispatchView:
    """Dispatch another agent to a call.

    Fields may be in snake_case or camelCase. A repeat dispatches another agent, unless it has the same
    Idempotency-Key.
    """
    return dispatch_service().create(request.principal, call_id, body)


@group.delete(
    "/api/v1/calls/{call_id}/dispatches/{dispatch_id}",
    scope=Scope.CALLS_CREATE,
    returns="LiveKit's AgentDispatch.",
    errors={404: "No such call or dispatch.", 502: "LiveKit did not respond."},
)
def delete_dispatch(request: ApiRequest, call_id: str, dispatch_id: str) -> DispatchView:
    """Remove an agent from a call."""
    return dispatch_service().delete(request.principal, call_id, dispatch_id)
