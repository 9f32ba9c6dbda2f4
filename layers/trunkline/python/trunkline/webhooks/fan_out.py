"""Fan-out of the table's stream: one delivery for each endpoint that subscribes to an event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from trunkline.calls.states import TERMINAL
from trunkline.core.json_text import json_text
from trunkline.storage.keys.item import PK, Item
from trunkline.storage.keys.tenants import tenant_mode_of
from trunkline.webhooks.delivery_executions import DeliveryStateMachine
from trunkline.webhooks.delivery_models import Delivery, delivery_id
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.events import Event, EventType, call_event_id, type_of_call_event
from trunkline.webhooks.feed_writer import FeedUnavailable
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.repository import EndpointRepository


@dataclass(frozen=True)
class CallEnd:
    """The end of a batch's call: the row of its batch, the final state and the reason."""

    batch_id: str
    row: int
    state: str
    reason: str | None
    at_ms: int


@dataclass(frozen=True)
class FanOut:
    """Creates and starts deliveries, publishes events on the bus and reports the ends of batches' calls.

    After a crash the stream repeats the record: the delivery is found and started. An execution that has
    started is not started again. `grantees(trunk_id)` returns the tenants that may use a trunk;
    `on_call_ended` must accept the same end twice, and `record`, which puts events into the feed, the same
    event. It comes after the deliveries: no webhook waits for a feed that takes no event now. `for_each` is
    `map`, or one of several threads: a tenant with many endpoints would otherwise delay the events of others,
    which wait behind its own in the stream.
    """

    endpoints: EndpointRepository
    deliveries: DeliveryRepository
    state_machine: DeliveryStateMachine
    grantees: Callable[[str], Iterable[str]]
    publish: Callable[[Event], None]
    on_call_ended: Callable[[CallEnd], None]
    record: Callable[[Event], None]
    for_each: Callable[[Callable[[Endpoint], None], Iterable[Endpoint]], Iterable[None]] = map
    _endpoints_of: dict[str, list[Endpoint]] = field(default_factory=dict)
    _unavailable: dict[str, FeedUnavailable] = field(default_factory=dict)

    def begin_batch(self) -> None:
        """Forget the endpoints: each batch of records reads them once per tenant, after its events."""
        self._endpoints_of.clear()
        self._unavailable.clear()

    def handle_item(self, item: Item) -> int:
        """Handle a new item of the table; return the number of deliveries.

        Raises:
            FeedUnavailable: the deliveries have started, but a feed does not take its event now.
        """
        if "batch_id" in item and item["type"] in TERMINAL:
            self.on_call_ended(_call_end(item))
        events = self._events(item)
        delivered = sum(self._deliver_to_all(event) for event in events)
        for event in [each for each in events if self._is_recorded(each)]:
            self.publish(event)
        for event in events:
            if unavailable := self._unavailable.get(_feed_of(event)):
                raise unavailable
        return delivered

    def _is_recorded(self, event: Event) -> bool:
        """Put an event into the feed, and tell whether that has succeeded.

        A feed that was unavailable is not tried again within the batch: the tries would take the time of
        other tenants, and a later event of a call would come before an earlier one.
        """
        feed = _feed_of(event)
        if feed not in self._unavailable:
            try:
                self.record(event)
            except FeedUnavailable as unavailable:
                self._unavailable[feed] = unavailable
        return feed not in self._unavailable

    def _deliver_to_all(self, event: Event) -> int:
        endpoints = self._endpoints(event.tenant_id)
        wanting = [each for each in endpoints if each.wants(event.type, livemode=event.livemode)]
        return len(list(self.for_each(partial(self.deliver, event), wanting)))

    def deliver(self, event: Event, endpoint: Endpoint) -> None:
        """Create and start a delivery; the same event and endpoint are the same delivery."""
        delivery = delivery_of(event, endpoint)
        if not self.deliveries.create(delivery):
            delivery = self.deliveries.load(delivery.id) or delivery
        if not delivery.attempts:
            self.state_machine.start(delivery)

    def _endpoints(self, tenant_id: str) -> list[Endpoint]:
        if tenant_id not in self._endpoints_of:
            self._endpoints_of[tenant_id] = self.endpoints.all(tenant_id)
        return self._endpoints_of[tenant_id]

    def _events(self, item: Item) -> list[Event]:
        kind, _, owner = item[PK].partition("#")
        if kind == "C":
            event = _call_event(item, owner)
            return [event] if event else []
        if kind == "TRUNKLOG":
            return [
                replace(_event(item, {"trunk_id": owner, "reason": item["reason"]}), tenant_id=tenant_id)
                for tenant_id in self.grantees(owner)
            ]
        return [_event(item, json.loads(item["data_json"]))] if kind == "TENANTLOG" else []


def delivery_of(event: Event, endpoint: Endpoint, *, at_ms: int | None = None, nonce: str = "") -> Delivery:
    """Return the delivery of an event to an endpoint; a `nonce` makes it differ from the first one."""
    created_ms = event.at_ms if at_ms is None else at_ms
    return Delivery(
        id=delivery_id(endpoint.id, event.id, created_ms, nonce),
        endpoint_id=endpoint.id,
        tenant_id=event.tenant_id,
        livemode=event.livemode,
        event_id=event.id,
        event_type=event.type,
        event_at_ms=event.at_ms,
        data_json=json_text(dict(event.data)),
        created_at_ms=created_ms,
        max_attempts=1 if event.type is EventType.WEBHOOK_PING else endpoint.max_attempts,
        call_id=event.call_id,
        sequence=event.sequence,
        trace_id=event.trace_id,
    )


def _feed_of(event: Event) -> str:
    return tenant_mode_of(event.tenant_id, event.livemode)


def _call_end(item: Item) -> CallEnd:
    reason = json.loads(item["data_json"]).get("reason")
    return CallEnd(item["batch_id"], item["batch_row"], item["type"], reason, item["at_ms"])


def _call_event(item: Item, call_id: str) -> Event | None:
    event_type = type_of_call_event(item["type"], item["sequence"])
    if event_type is None:
        return None
    return Event(
        call_event_id(call_id, item["sequence"]),
        event_type,
        item["tenant_id"],
        item["livemode"],
        item["at_ms"],
        {"entry": item["type"], **json.loads(item["data_json"])},
        call_id,
        item["sequence"],
        item.get("trace_id"),
    )


def _event(item: Item, data: dict[str, object]) -> Event:
    event_id = item.get("event_id") or f"evt_{item['sk'].partition('#')[2]}"
    livemode = item.get("livemode", True)
    return Event(event_id, EventType(item["type"]), item.get("tenant_id", ""), livemode, item["at_ms"], data)
