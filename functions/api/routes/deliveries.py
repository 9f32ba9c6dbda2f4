"""Routes of single webhook deliveries."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.webhooks.responses import DeliveryView

from ..auth import ApiRequest
from ..bootstrap.webhooks import delivery_service

group = RouteGroup(not_found="No such delivery.")


@group.get("/api/v1/deliveries/{delivery_id}", scope=Scope.WEBHOOKS_READ)
def get_delivery(request: ApiRequest, delivery_id: str) -> DeliveryView:
    """Read a delivery, with the first 16 KB of each response."""
    return delivery_service().get(request.principal, delivery_id)


@group.post(
    "/api/v1/deliveries/{delivery_id}/redeliver",
    scope=Scope.WEBHOOKS_WRITE,
    status=202,
    returns="The new delivery, or the one that is attempted now.",
    errors={409: "An attempt is being made, or the webhook is disabled."},
)
def redeliver(request: ApiRequest, delivery_id: str) -> DeliveryView:
    """Send a delivery's event once more, with all attempts; the event keeps its id.

    A delivery that still waits for its next attempt is attempted now.
    """
    return delivery_service().redeliver(request.principal, delivery_id)
