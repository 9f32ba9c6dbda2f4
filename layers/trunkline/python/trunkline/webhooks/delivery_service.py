"""The delivery log on a tenant's behalf: read it, send again, recover, ping."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import DeliveryPending, InvalidRequest, NotFound, WebhookDisabled
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.core.timestamps import moment_ms
from trunkline.storage.keys.webhooks import delivery_key
from trunkline.webhooks.delivery_models import Delivery, DeliveryState, delivery_key_of
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.events import Event, EventType
from trunkline.webhooks.fan_out import delivery_of
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.responses import DeliveryList, DeliveryView, Recovered, delivery_view
from trunkline.webhooks.schemas import DeliveryQuery, Recovery
from trunkline.webhooks.service import WebhookService
from trunkline.webhooks.state_machine import DeliveryStateMachine

_PAGE = 100
_MAX_SCANNED = 2_000
_MAX_RECOVERED = 200


@dataclass(frozen=True)
class DeliveryService:
    """Reads and repeats deliveries of a tenant's webhooks.

    A delivery is stored before its execution is started; one whose start fails is started by the
    reconciler.
    """

    webhooks: WebhookService
    deliveries: DeliveryRepository
    flow: DeliveryStateMachine
    clock: Clock
    log: Logger

    def page(self, principal: Principal, endpoint_id: str, query: DeliveryQuery) -> DeliveryList:
        """A webhook's deliveries, newest first; a page may be short and yet have a next one."""
        endpoint = self.webhooks.require(principal, endpoint_id)
        found: list[Delivery] = []
        scanned, last = 0, None
        for delivery in self._newest(endpoint, query):
            if len(found) >= query.limit or scanned >= _MAX_SCANNED:
                return _page(found, last)
            scanned, last = scanned + 1, delivery
            if _wanted(delivery, query):
                found.append(delivery)
        return _page(found, None)

    def get(self, principal: Principal, delivery_id: str) -> DeliveryView:
        """One delivery, with what was answered."""
        delivery, _ = self._own(principal, delivery_id)
        return delivery_view(delivery, self.deliveries.answers(delivery))

    def redeliver(self, principal: Principal, delivery_id: str) -> DeliveryView:
        """Send a delivery's event once more, with all attempts; the event's id stays.

        Raises:
            DeliveryPending: it is still on its way.
            WebhookDisabled: nothing is sent there at present.
        """
        delivery, endpoint = self._own(principal, delivery_id)
        if delivery.state is DeliveryState.PENDING:
            raise DeliveryPending
        _require_enabled(endpoint)
        return delivery_view(self._again(delivery, endpoint))

    def recover(self, principal: Principal, endpoint_id: str, recovery: Recovery) -> Recovered:
        """Send what failed since a moment once more, what was sent again already left out.

        After a crash on the way, asking again goes on where it stopped; one may then be sent twice, and
        its event's id says so.
        """
        endpoint = self.webhooks.require(principal, endpoint_id)
        _require_enabled(endpoint)
        query = DeliveryQuery(state=DeliveryState.FAILED, since=recovery.since)
        recovered = 0
        for delivery in self._newest(endpoint, query):
            if not _wanted(delivery, query) or delivery.redelivered_as:
                continue
            if recovered >= _MAX_RECOVERED:
                return {"recovered": recovered, "more": True}
            self._again(delivery, endpoint)
            recovered += 1
        return {"recovered": recovered, "more": False}

    def ping(self, principal: Principal, endpoint_id: str) -> DeliveryView:
        """Send one signed ping, also to a webhook that is disabled."""
        endpoint = self.webhooks.require(principal, endpoint_id)
        event = Event(
            f"evt_{uuid.uuid4().hex}",
            EventType.WEBHOOK_PING,
            endpoint.tenant_id,
            endpoint.livemode,
            self.clock.wall_ms(),
            {"webhook_id": endpoint.id},
        )
        delivery = delivery_of(event, endpoint)
        self._begin(delivery)
        return delivery_view(delivery)

    def _again(self, delivery: Delivery, endpoint: Endpoint) -> Delivery:
        now_ms, again = self.clock.wall_ms(), uuid.uuid4().hex
        made = replace(
            delivery_of(_event_of(delivery), endpoint, at_ms=now_ms, again=again), redelivery_of=delivery.id
        )
        self._begin(made)
        self.deliveries.save(replace(delivery, redelivered_as=made.id))
        return made

    def _begin(self, delivery: Delivery) -> None:
        self.deliveries.create(delivery)
        try:
            self.flow.start(delivery)
        except (BotoCoreError, ClientError) as error:
            # It is stored: the reconciler starts what was not tried in time.
            self.log.error("delivery not started", delivery_id=delivery.id, cause=type(error).__name__)

    def _newest(self, endpoint: Endpoint, query: DeliveryQuery) -> Iterator[Delivery]:
        since_ms = moment_ms(query.since) if query.since else 0
        before = decode_cursor(query.cursor) if query.cursor else None
        if before and not before.startswith(delivery_key(endpoint.id).sk):
            raise InvalidRequest(f"Validation error: {query.messages['cursor']}", field="cursor")
        for page in self.deliveries.newest(endpoint.id, since_ms, before, limit=_PAGE):
            yield from page

    def _own(self, principal: Principal, delivery_id: str) -> tuple[Delivery, Endpoint]:
        place = delivery_key_of(delivery_id)
        if place is None:
            raise NotFound("Delivery not found")
        try:
            endpoint = self.webhooks.require(principal, place.endpoint_id)
        except NotFound as error:
            raise NotFound("Delivery not found") from error
        delivery = self.deliveries.load(delivery_id)
        if delivery is None:
            raise NotFound("Delivery not found")
        return delivery, endpoint


def _require_enabled(endpoint: Endpoint) -> None:
    if not endpoint.enabled:
        raise WebhookDisabled


def _event_of(delivery: Delivery) -> Event:
    return Event(
        delivery.event_id,
        delivery.event_type,
        delivery.tenant_id,
        delivery.livemode,
        delivery.event_at_ms,
        json.loads(delivery.data_json),
        delivery.call_id,
        delivery.sequence,
    )


def _wanted(delivery: Delivery, query: DeliveryQuery) -> bool:
    wanted = {"state": query.state, "event_type": query.event_type, "call_id": query.call_id}
    return all(value is None or getattr(delivery, name) == value for name, value in wanted.items())


def _page(found: list[Delivery], last: Delivery | None) -> DeliveryList:
    cursor = None
    if last and (place := delivery_key_of(last.id)):
        cursor = encode_cursor(delivery_key(place.endpoint_id, place.at_ms, place.digest).sk)
    return {"data": [delivery_view(each) for each in found], "next_cursor": cursor}
