"""Routes of the LiveKit project that a tenant's calls use."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.project_service import LiveKitView, OwnLiveKit

from ..auth import ApiRequest
from ..bootstrap.tenant import livekit_project_service

group = RouteGroup()


@group.get("/api/v1/livekit", scope=Scope.LIVEKIT_READ)
def get_live_kit(request: ApiRequest) -> LiveKitView:
    """Read which LiveKit project your calls use."""
    return livekit_project_service().get(request.principal)


@group.put(
    "/api/v1/livekit",
    scope=Scope.LIVEKIT_WRITE,
    live_only=True,
    example={"url": "wss://yours.livekit.cloud", "api_key": "APIxxxxxxxx", "api_secret": "x" * 32},
)
def put_live_kit(request: ApiRequest, body: OwnLiveKit) -> LiveKitView:
    """Use a LiveKit project of your own.

    Takes effect within a minute. Trunks of it that LiveKit refused dial again at once. Add `webhook_url` in
    the project's settings.
    """
    return livekit_project_service().put(request.principal, body)


@group.delete(
    "/api/v1/livekit",
    scope=Scope.LIVEKIT_WRITE,
    live_only=True,
    errors={400: "A test key cannot change LiveKit.", 404: "You have no LiveKit project of your own."},
)
def delete_live_kit(request: ApiRequest) -> Deleted:
    """Return to the deployment's LiveKit project."""
    livekit_project_service().delete(request.principal)
    return deleted("livekit")
