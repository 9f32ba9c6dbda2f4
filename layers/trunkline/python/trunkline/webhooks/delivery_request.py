"""The request of a delivery as its owner may see it: headers without their secrets, and the body.

No request is stored: a body is built as an attempt builds it, when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.core.redaction import HIDDEN_VALUE
from trunkline.webhooks.attempt_sender import FIXED_HEADERS, trace_headers
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.delivery_service import DeliveryService
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.payload import PayloadBuilder
from trunkline.webhooks.responses import shown_headers

_SIGNED = ("X-Webhook-Signature", "webhook-timestamp", "webhook-signature")


class DeliveryRequestView(TypedDict):
    """The request of a delivery's latest attempt, with the call as it is now; secrets are `[hidden]`."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class DeliveryRequestReader:
    """Builds the request of a delivery once more, to show it."""

    deliveries: DeliveryService
    payloads: PayloadBuilder

    def read(self, principal: Principal, delivery_id: str) -> DeliveryRequestView:
        """Return the request of a delivery's latest attempt, or of its first if there was none.

        Raises:
            NotFound: the tenant has no such delivery.
            MissingScope: it is about a call, and the principal may not read calls.
        """
        delivery, endpoint = self.deliveries.require(principal, delivery_id)
        if delivery.call_id:
            principal.require(Scope.CALLS_READ)
        number = max(1, len(delivery.attempts))
        return {
            "method": "POST",
            "url": endpoint.shown_url,
            "headers": _headers(delivery, endpoint, number),
            "body": self.payloads.body(delivery, endpoint, number).decode(),
        }


def _headers(delivery: Delivery, endpoint: Endpoint, number: int) -> dict[str, str]:
    own = shown_headers(endpoint)
    signed = dict.fromkeys(_SIGNED, HIDDEN_VALUE)
    return {
        **trace_headers(delivery, number, own),
        **own,
        **signed,
        "webhook-id": delivery.event_id,
        **FIXED_HEADERS,
    }
