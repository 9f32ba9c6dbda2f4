"""Routes of the LiveKit project that a tenant's calls use."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.project_service import LiveKitView, OwnLiveKit

from ..auth import ApiRequest
from ..bootstrap.tenant import livekit_project_service

group = RouteGroup()


@group.get(
    "/api/v1/livekit",
    operation_id="getLiveKit",
    summary="Read which LiveKit project your calls use.",
    scope=Scope.LIVEKIT_READ,
)
def get_livekit(request: ApiRequest) -> LiveKitView:
    return livekit_project_service().get(request.principal)


@group.put(
    "/api/v1/livekit",
    operation_id="putLiveKit",
    summary="Use a LiveKit project of your own.",
    description="Takes effect within a minute. Add `webhook_url` in the project's settings.",
    scope=Scope.LIVEKIT_WRITE,
    live_only=True,
    example={"url": "wss://yours.livekit.cloud", "api_key": "APIxxxxxxxx", "api_secret": "x" * 32},
)
def put_livekit(request: ApiRequest, body: OwnLiveKit) -> LiveKitView:
    return livekit_project_service().put(request.principal, body)


@group.delete(
    "/api/v1/livekit",
    operation_id="deleteLiveKit",
    summary="Return to the deployment's LiveKit project.",
    scope=Scope.LIVEKIT_WRITE,
    live_only=True,
    errors={400: "A test key cannot change LiveKit.", 404: "You have no LiveKit project of your own."},
)
def delete_livekit(request: ApiRequest) -> Deleted:
    livekit_project_service().delete(request.principal)
    return deleted("livekit")
