"""The routes under `/api/v1/webhooks` and `/api/v1/deliveries`."""

from __future__ import annotations

from local.openapi.route import Route
from trunkline.http_api.responses import Deleted
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.events import EventType
from trunkline.webhooks.responses import (
    DeliveryList,
    DeliveryView,
    Recovered,
    WebhookList,
    WebhookView,
    WebhookWithSecret,
)
from trunkline.webhooks.schemas import Recovery, Rotation, WebhookSpec

_READ, _SCOPE = "webhooks:read", "webhooks:write"
_NO_WEBHOOK = {"404": "No such webhook."}
_NO_DELIVERY = {"404": "No such delivery."}
_RACED = {"409": "Another request changed it meanwhile: read it and try again."}

WEBHOOKS = (
    Route("get", "/api/v1/webhooks", "listWebhooks", "List your webhooks.", _READ, WebhookList),
    Route(
        "post",
        "/api/v1/webhooks",
        "createWebhook",
        "Have events sent to an address of yours; the answer has the secret, this once.",
        _SCOPE,
        WebhookWithSecret,
        status=201,
        means="The webhook and its secret.",
        takes=WebhookSpec,
        more="A webhook gets the events of its key's mode: test or live.",
        errors={
            "400": "A field is wrong, an event is unknown, or the address may not be called.",
            "409": "You have as many webhooks as you may.",
        },
    ),
    Route(
        "get",
        "/api/v1/webhooks/{webhook_id}",
        "getWebhook",
        "Read a webhook and how it is doing.",
        _READ,
        WebhookView,
        errors=_NO_WEBHOOK,
    ),
    Route(
        "patch",
        "/api/v1/webhooks/{webhook_id}",
        "changeWebhook",
        "Change some fields, enable or disable.",
        _SCOPE,
        WebhookView,
        takes=WebhookSpec,
        partial=True,
        more="Fields of `filter` change one by one, `headers` all at once.",
        errors=_NO_WEBHOOK | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/webhooks/{webhook_id}",
        "deleteWebhook",
        "Delete a webhook; what is on its way to it is given up.",
        _SCOPE,
        Deleted,
        errors=_NO_WEBHOOK,
    ),
    Route(
        "post",
        "/api/v1/webhooks/{webhook_id}/test",
        "testWebhook",
        "Send one signed ping, also to a webhook that is disabled.",
        _SCOPE,
        DeliveryView,
        status=202,
        means="The ping is on its way: read its delivery.",
        errors=_NO_WEBHOOK,
    ),
    Route(
        "post",
        "/api/v1/webhooks/{webhook_id}/rotate-secret",
        "rotateWebhookSecret",
        "Make a new secret; the old one signs beside it for a while.",
        _SCOPE,
        WebhookWithSecret,
        means="The webhook and its new secret.",
        takes=Rotation,
        bodiless=True,
        more="`X-Webhook-Signature` is by the old secret until then, `webhook-signature` has both.",
        errors=_NO_WEBHOOK | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/webhooks/{webhook_id}/previous-secret",
        "endSecretOverlap",
        "Let the new secret sign alone from now on.",
        _SCOPE,
        WebhookView,
        errors=_NO_WEBHOOK | _RACED,
    ),
    Route(
        "get",
        "/api/v1/webhooks/{webhook_id}/deliveries",
        "listDeliveries",
        "List a webhook's deliveries of the last 30 days, newest first.",
        _READ,
        DeliveryList,
        query={
            "state": f"One of {', '.join(DeliveryState)}.",
            "event_type": f"One of {', '.join(EventType)}.",
            "call_id": "Events of one call.",
            "since": "ISO 8601 time with its offset.",
            "limit": "1 to 100; 25 by default.",
            "cursor": "The `next_cursor` of the page before.",
        },
        more="A page may be short, and yet there is a next one.",
        errors=_NO_WEBHOOK,
    ),
    Route(
        "post",
        "/api/v1/webhooks/{webhook_id}/recover",
        "recoverDeliveries",
        "Send what failed since a moment once more.",
        _SCOPE,
        Recovered,
        status=202,
        means="How many are on their way again; while `more` is true, ask again.",
        takes=Recovery,
        errors=_NO_WEBHOOK | {"409": "The webhook is disabled."},
    ),
    Route(
        "get",
        "/api/v1/deliveries/{delivery_id}",
        "getDelivery",
        "Read a delivery, with the first 16 KB of each answer.",
        _READ,
        DeliveryView,
        errors=_NO_DELIVERY,
    ),
    Route(
        "post",
        "/api/v1/deliveries/{delivery_id}/redeliver",
        "redeliver",
        "Send a delivery's event once more, with all attempts; the event's id stays.",
        _SCOPE,
        DeliveryView,
        status=202,
        means="The new delivery.",
        errors=_NO_DELIVERY | {"409": "It is still on its way, or the webhook is disabled."},
    ),
)
