"""Deliveries of one call's events to all webhooks of its tenant, found by their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.events import CallEvent
from trunkline.calls.repository import CallRepository
from trunkline.core.validation import UUID, InputModel
from trunkline.webhooks.delivery_models import Delivery, delivery_id
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.events import call_event_id, type_of_call_event
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.responses import DeliveryView, delivery_view

MAX_EVENTS = 25
"""Events of a call whose deliveries are looked for: its first and its latest ones."""

_MAX_REDELIVERIES = 5


class CallDeliveryQuery(InputModel):
    """Query parameters of `GET /api/v1/deliveries`."""

    messages: ClassVar[dict[str, str]] = {"call_id": "call_id must be a UUID"}

    call_id: Annotated[str, Field(pattern=UUID, description="The call whose deliveries are listed.")]


class CallDeliveryList(TypedDict):
    """The deliveries of a call in order of time, redeliveries included."""

    data: list[DeliveryView]


@dataclass(frozen=True)
class CallDeliveryReader:
    """Reads the deliveries of a call.

    Their keys follow from the events of the call and the webhooks of its tenant, so that no log is searched:
    at most a hundred items are read at a time. Deliveries of deleted webhooks are not found.
    """

    calls: CallRepository
    endpoints: EndpointRepository
    deliveries: DeliveryRepository

    def list_deliveries(self, principal: Principal, call_id: str) -> CallDeliveryList:
        """List a call's deliveries.

        Raises:
            NotFound: no such call, or not the principal's.
        """
        found, events = self.calls.load_with_events(parse_call_id(call_id)) or (None, [])
        call = require_own(found, principal)
        endpoint_ids = [
            endpoint.id
            for endpoint in self.endpoints.all(principal.tenant_id)
            if endpoint.livemode is principal.livemode
        ]
        wanted = [
            delivery_id(endpoint_id, call_event_id(call.id, event.sequence), event.at_ms)
            for event in _sent(events)
            for endpoint_id in endpoint_ids
        ]
        shown = sorted(self._with_redeliveries(wanted), key=lambda each: (each.created_at_ms, each.id))
        return {"data": [delivery_view(delivery) for delivery in shown]}

    def _with_redeliveries(self, ids: list[str]) -> list[Delivery]:
        """Read deliveries, and those that repeat them; a chain of repeats is followed a few steps."""
        found: list[Delivery] = []
        for _ in range(1 + _MAX_REDELIVERIES):
            read = self.deliveries.load_all(ids)
            found += read
            ids = [delivery.redelivered_as for delivery in read if delivery.redelivered_as]
            if not ids:
                break
        return found


def _sent(events: list[CallEvent]) -> list[CallEvent]:
    sent = [event for event in events if type_of_call_event(event.type, event.sequence)]
    return sent if len(sent) <= MAX_EVENTS else [sent[0], *sent[1 - MAX_EVENTS :]]
