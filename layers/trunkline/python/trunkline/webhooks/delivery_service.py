"""Use cases of the delivery log: list, get, redeliver, recover and ping."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import DeliveryPending, NotFound, WebhookDisabled
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.core.timestamps import moment_ms
from trunkline.storage.keys.webhooks import delivery_key
from trunkline.webhooks.delivery_models import Delivery, DeliveryState, key_of, parse_delivery_id
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_starter import DeliveryStarter
from trunkline.webhooks.events import Event, EventType
from trunkline.webhooks.fan_out import delivery_of
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.responses import DeliveryList, DeliveryView, Recovered, delivery_view
from trunkline.webhooks.schemas import DeliveryQuery, Recovery
from trunkline.webhooks.service import WebhookService

_PAGE = 100
_MAX_SCANNED = 2_000
_MAX_RECOVERED = 200
_POSITION = r"DELIVERY#[0-9]{15}#[0-9a-f]{16}"


@dataclass(frozen=True)
class DeliveryService:
    """Reads and repeats deliveries of a tenant's webhooks.

    A delivery is stored before its execution starts. If the start fails, the reconciler starts it. `record`
    puts a ping's event into the feed.
    """

    webhooks: WebhookService
    deliveries: DeliveryRepository
    starter: DeliveryStarter
    clock: Clock
    record: Callable[[Event], None]

    def list_deliveries(self, principal: Principal, endpoint_id: str, query: DeliveryQuery) -> DeliveryList:
        """Return a page of a webhook's deliveries, newest first; a short page may have a next one."""
        endpoint = self.webhooks.require(principal, endpoint_id)
        found: list[Delivery] = []
        scanned, last = 0, None
        for delivery in self._newest_first(endpoint, query):
            if len(found) >= query.limit or scanned >= _MAX_SCANNED:
                return _page(found, last)
            scanned, last = scanned + 1, delivery
            if _matches(delivery, query):
                found.append(delivery)
        return _page(found, None)

    def get(self, principal: Principal, delivery_id: str) -> DeliveryView:
        """Return a delivery with the beginning of each response."""
        delivery, _ = self.require(principal, delivery_id)
        return delivery_view(delivery, self.deliveries.response_bodies(delivery))

    def redeliver(self, principal: Principal, delivery_id: str) -> DeliveryView:
        """Deliver a delivery's event again, with all its attempts; the event's id stays the same.

        One that waits for its next attempt is no new delivery: it is attempted now.

        Raises:
            NotFound: the tenant has no such delivery.
            DeliveryPending: an attempt is being made.
            WebhookDisabled: the webhook is disabled.
        """
        delivery, endpoint = self.require(principal, delivery_id)
        _require_enabled(endpoint)
        if delivery.state is not DeliveryState.PENDING:
            return delivery_view(self._redeliver(delivery, endpoint))
        started = self._start_waiting(delivery)
        if started is None:
            raise DeliveryPending
        return delivery_view(started)

    def recover(self, principal: Principal, endpoint_id: str, recovery: Recovery) -> Recovered:
        """Redeliver the deliveries that have failed since a time and were not redelivered yet.

        Those of that time that wait for their next attempt are attempted now. A request reads a part of the
        log, newest first, and stores how far it came: the next one continues there, by cursor or without.
        After a crash, the deliveries of one page may be sent twice; their events' ids are the same.

        Raises:
            InvalidRequest: the cursor is not from such a response.
            WebhookDisabled: the webhook is disabled.
        """
        endpoint = self.webhooks.require(principal, endpoint_id)
        _require_enabled(endpoint)
        since_ms, before = moment_ms(recovery.since), self._recovery_position(endpoint, recovery)
        recovered = scanned = 0
        for page in self.deliveries.newest_first(endpoint.id, since_ms, before, limit=_PAGE):
            if not page:
                continue
            recovered += sum(self._recover(delivery, endpoint) for delivery in page)
            scanned += len(page)
            position = _position(page[-1])
            self.deliveries.save_recovery(endpoint.id, position, self.clock.wall_ms())
            if recovered + _PAGE > _MAX_RECOVERED or scanned + _PAGE > _MAX_SCANNED:
                return {"recovered": recovered, "more": True, "next_cursor": encode_cursor(position)}
        self.deliveries.end_recovery(endpoint.id)
        return {"recovered": recovered, "more": False, "next_cursor": None}

    def _recovery_position(self, endpoint: Endpoint, recovery: Recovery) -> str | None:
        """Return where to continue: at the cursor, else where a recent request stopped within the time."""
        if recovery.cursor:
            return decode_cursor(recovery.cursor, _POSITION)
        position = self.deliveries.recovery_position(endpoint.id, self.clock.wall_ms())
        oldest = delivery_key(endpoint.id, moment_ms(recovery.since)).sk
        return position if position and position > oldest else None

    def _recover(self, delivery: Delivery, endpoint: Endpoint) -> bool:
        if delivery.state is DeliveryState.PENDING:
            return self._start_waiting(delivery) is not None
        if delivery.state is not DeliveryState.FAILED or delivery.redelivered_as:
            return False
        self._redeliver(delivery, endpoint)
        return True

    def _start_waiting(self, delivery: Delivery) -> Delivery | None:
        return self.starter.start_now(delivery) if delivery.waits(self.clock.wall_ms()) else None

    def ping(self, principal: Principal, endpoint_id: str) -> DeliveryView:
        """Send one signed ping, also to a disabled webhook."""
        endpoint = self.webhooks.require(principal, endpoint_id)
        event = Event(
            f"evt_{uuid.uuid4().hex}",
            EventType.WEBHOOK_PING,
            endpoint.tenant_id,
            endpoint.livemode,
            self.clock.wall_ms(),
            {"webhook_id": endpoint.id},
        )
        self.record(event)
        delivery = delivery_of(event, endpoint)
        self._start(delivery)
        return delivery_view(delivery)

    def _redeliver(self, delivery: Delivery, endpoint: Endpoint) -> Delivery:
        now_ms, nonce = self.clock.wall_ms(), uuid.uuid4().hex
        repeat = delivery_of(delivery.event, endpoint, at_ms=now_ms, nonce=nonce)
        repeat = replace(repeat, redelivery_of=delivery.id)
        self._start(repeat)
        self.deliveries.save(replace(delivery, redelivered_as=repeat.id))
        return repeat

    def _start(self, delivery: Delivery) -> None:
        self.deliveries.create(delivery)
        self.starter.start(delivery)

    def _newest_first(self, endpoint: Endpoint, query: DeliveryQuery) -> Iterator[Delivery]:
        since_ms = moment_ms(query.since) if query.since else 0
        before = decode_cursor(query.cursor, _POSITION) if query.cursor else None
        for page in self.deliveries.newest_first(endpoint.id, since_ms, before, limit=_PAGE):
            yield from page

    def require(self, principal: Principal, delivery_id: str) -> tuple[Delivery, Endpoint]:
        """Return a delivery and its webhook; raises `NotFound` if the tenant has no such delivery."""
        key = parse_delivery_id(delivery_id)
        if key is None:
            raise NotFound("Delivery not found")
        try:
            endpoint = self.webhooks.require(principal, key.endpoint_id)
        except NotFound as error:
            raise NotFound("Delivery not found") from error
        delivery = self.deliveries.load(delivery_id)
        if delivery is None:
            raise NotFound("Delivery not found")
        return delivery, endpoint


def _require_enabled(endpoint: Endpoint) -> None:
    if not endpoint.enabled:
        raise WebhookDisabled


def _matches(delivery: Delivery, query: DeliveryQuery) -> bool:
    filters = {"state": query.state, "event_type": query.event_type, "call_id": query.call_id}
    return all(value is None or getattr(delivery, name) == value for name, value in filters.items())


def _page(found: list[Delivery], last: Delivery | None) -> DeliveryList:
    cursor = encode_cursor(_position(last)) if last else None
    return {"data": [delivery_view(delivery) for delivery in found], "next_cursor": cursor}


def _position(delivery: Delivery) -> str:
    """Return a delivery's sort key: where a list that ended with it goes on."""
    key = key_of(delivery)
    return delivery_key(key.endpoint_id, key.at_ms, key.digest).sk
