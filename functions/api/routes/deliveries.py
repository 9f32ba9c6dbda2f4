"""Routes of single webhook deliveries, and of those of a call."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.webhooks.call_deliveries import CallDeliveryList, CallDeliveryQuery
from trunkline.webhooks.delivery_request import DeliveryRequestView
from trunkline.webhooks.responses import DeliveryView

from ..auth import ApiRequest
from ..bootstrap.webhooks import call_delivery_reader, delivery_request_reader, delivery_service

group = RouteGroup(not_found="No such delivery.")


@group.get("/api/v1/deliveries/{delivery_id}", scope=Scope.WEBHOOKS_READ)
def get_delivery(request: ApiRequest, delivery_id: str) -> DeliveryView:
    """Read a delivery, with the first 16 KB of each response."""
    return delivery_service().get(request.principal, delivery_id)


@group.get("/api/v1/deliveries/{delivery_id}/request", scope=Scope.WEBHOOKS_READ)
def get_delivery_request(request: ApiRequest, delivery_id: str) -> DeliveryRequestView:
    """Read the request of a delivery's latest attempt: headers and body.

    Requests are not stored: the body is built anew, with the transcript and metrics of now. Signatures and
    the values of your own headers are hidden. The request of a call's event needs `calls:read`, too.
    """
    return delivery_request_reader().read(request.principal, delivery_id)


@group.get("/api/v1/deliveries", scope=Scope.WEBHOOKS_READ, errors={404: "No such call."})
def list_call_deliveries(request: ApiRequest, query: CallDeliveryQuery) -> CallDeliveryList:
    """List the deliveries of a call's events to all your webhooks, in order of time.

    Of a call with more than 25 events for webhooks, those of the first and the latest ones are listed.
    """
    return call_delivery_reader().list_deliveries(request.principal, query.call_id)


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
