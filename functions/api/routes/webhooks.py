"""Routes of webhooks."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.webhooks.responses import (
    DeliveryList,
    DeliveryView,
    Recovered,
    WebhookList,
    WebhookView,
    WebhookWithSecret,
)
from trunkline.webhooks.schemas import DeliveryQuery, Recovery, Rotation, WebhookSpec

from ..auth import ApiRequest
from ..bootstrap.webhooks import delivery_service, webhook_service
from ..crud_routes import CONFLICT, CrudResource, Texts, add_crud_routes

group = RouteGroup(not_found="No such webhook.")
add_crud_routes(
    group,
    CrudResource(
        name="webhooks",
        label="Webhook",
        key="webhook_id",
        spec=WebhookSpec,
        view=WebhookView,
        list_view=WebhookList,
        created=WebhookWithSecret,
        service=webhook_service,
        listing=Texts("List your webhooks."),
        creation=Texts(
            "Create a webhook: events are sent to your URL. Only this response has the secret.",
            "A webhook receives the events of its key's mode, test or live.",
            errors={
                400: "A field is not valid, an event is unknown, or the address must not be called.",
                409: "You have reached your limit of webhooks.",
            },
            returns="The webhook and its secret.",
        ),
        reading=Texts("Read a webhook and its health."),
        change=Texts(
            "Change some fields, enable or disable a webhook.",
            "Fields of `filter` change one by one, `headers` all at once.",
        ),
        deletion=Texts("Delete a webhook; its pending deliveries are abandoned."),
        example={"url": "https://example.com/hooks", "filter": {"events": ["call.completed"]}},
        example_change={"filter": {"include_transcript": True}},
    ),
)


@group.post(
    "/api/v1/webhooks/{webhook_id}/test",
    scope=Scope.WEBHOOKS_WRITE,
    status=202,
    returns="The ping is being sent: read its delivery.",
)
def test_webhook(request: ApiRequest, webhook_id: str) -> DeliveryView:
    """Send one signed ping, even to a disabled webhook."""
    return delivery_service().ping(request.principal, webhook_id)


@group.post(
    "/api/v1/webhooks/{webhook_id}/rotate-secret",
    scope=Scope.WEBHOOKS_WRITE,
    returns="The webhook and its new secret.",
    body_required=False,
    errors=CONFLICT,
    example={"overlap_seconds": 3600},
)
def rotate_webhook_secret(request: ApiRequest, webhook_id: str, body: Rotation) -> WebhookWithSecret:
    """Create a new secret; earlier ones continue to sign beside it for a time.

    Until then the oldest secret signs `X-Webhook-Signature`, and all sign `webhook-signature`.
    """
    return webhook_service().rotate(request.principal, webhook_id, body)


@group.delete("/api/v1/webhooks/{webhook_id}/previous-secret", scope=Scope.WEBHOOKS_WRITE, errors=CONFLICT)
def end_secret_overlap(request: ApiRequest, webhook_id: str) -> WebhookView:
    """Stop signing with the old secret."""
    return webhook_service().end_overlap(request.principal, webhook_id)


@group.get("/api/v1/webhooks/{webhook_id}/deliveries", scope=Scope.WEBHOOKS_READ)
def list_deliveries(request: ApiRequest, webhook_id: str, query: DeliveryQuery) -> DeliveryList:
    """List a webhook's deliveries of the last 30 days, newest first.

    A page may have fewer deliveries than `limit`: continue while there is a `next_cursor`.
    """
    return delivery_service().list_deliveries(request.principal, webhook_id, query)


@group.post(
    "/api/v1/webhooks/{webhook_id}/recover",
    scope=Scope.WEBHOOKS_WRITE,
    status=202,
    returns="The number of deliveries that are sent again; while `more` is true, repeat the request.",
    errors={409: "The webhook is disabled."},
    example={"since": "2026-01-01T00:00:00Z"},
)
def recover_deliveries(request: ApiRequest, webhook_id: str, body: Recovery) -> Recovered:
    """Send again every delivery that failed since a given time.

    A request covers a part of the log, newest first: repeat it while `more` is true, also if it has sent
    nothing again. The next request continues where this one stopped.
    """
    return delivery_service().recover(request.principal, webhook_id, body)
