"""Deliveries as they are stored: one event for one endpoint, with its attempts. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from trunkline.core.stored_fields import known_fields
from trunkline.core.trace_context import trace_id_of_call
from trunkline.webhooks.events import Event, EventType

DELIVERY_RETENTION_S = 30 * 86_400
_ID = re.compile(r"dlv_([0-9a-f]{20})_([0-9a-f]{11})_([0-9a-f]{16})")


class DeliveryState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """One request and its result; the beginning of the response body is stored separately."""

    number: int
    at_ms: int
    took_ms: int
    status: int | None = None
    error: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One event for one endpoint.

    `id` encodes the delivery's key. `max_attempts` is the endpoint's at that time. `failure` is the reason
    for giving up. `held` says that it waits for an open circuit. `redelivery_of` is the delivery that it
    repeats, `redelivered_as` the one that repeats it. `version` counts writes.
    """

    id: str
    endpoint_id: str
    tenant_id: str
    livemode: bool
    event_id: str
    event_type: EventType
    event_at_ms: int
    data_json: str
    created_at_ms: int
    max_attempts: int
    call_id: str | None = None
    sequence: int | None = None
    state: DeliveryState = DeliveryState.PENDING
    attempts: tuple[Attempt, ...] = field(default=())
    next_attempt_at_ms: int | None = None
    failure: str | None = None
    held: bool = False
    redelivery_of: str | None = None
    redelivered_as: str | None = None
    version: int = 0
    trace_id: str | None = None

    @property
    def event(self) -> Event:
        """Return the event that is delivered."""
        return Event(
            self.event_id,
            self.event_type,
            self.tenant_id,
            self.livemode,
            self.event_at_ms,
            json.loads(self.data_json),
            self.call_id,
            self.sequence,
            self.trace_id,
        )

    @property
    def call_trace_id(self) -> str | None:
        """Return the trace of the event's call; None for events of no call."""
        return self.trace_id or (trace_id_of_call(self.call_id) if self.call_id else None)

    def as_attributes(self) -> dict[str, Any]:
        """Return the attributes to store; empty ones are left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}

    def waits(self, now_ms: int) -> bool:
        """Tell whether it waits for its next attempt."""
        return self.state is DeliveryState.PENDING and (self.next_attempt_at_ms or 0) > now_ms


_FIELDS = frozenset(Delivery.__dataclass_fields__)


def delivery_from_attributes(item: Mapping[str, Any]) -> Delivery:
    """Read a stored delivery."""
    values = {name: value for name, value in item.items() if name in _FIELDS}
    values["event_type"] = EventType(values["event_type"])
    values["state"] = DeliveryState(values["state"])
    values["attempts"] = tuple(
        Attempt(**known_fields(Attempt, attempt)) for attempt in values.get("attempts", ())
    )
    return Delivery(**values)


@dataclass(frozen=True)
class DeliveryKey:
    """The key of a delivery: its endpoint, its time in ms, and a digest that distinguishes it."""

    endpoint_id: str
    at_ms: int
    digest: str


def delivery_id(endpoint_id: str, event_id: str, at_ms: int, nonce: str = "") -> str:
    """Return the id of an event's delivery to an endpoint: always the same, but for another `nonce`."""
    digest = hashlib.sha256(f"{endpoint_id}\n{event_id}\n{nonce}".encode()).hexdigest()[:16]
    return f"dlv_{endpoint_id.removeprefix('wh_')}_{at_ms:011x}_{digest}"


def parse_delivery_id(text: str) -> DeliveryKey | None:
    """Return the key that an id encodes; None if the text is not a delivery's id."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    return DeliveryKey(f"wh_{match[1]}", int(match[2], 16), match[3])


def key_of(delivery: Delivery) -> DeliveryKey:
    """Return the key that a stored delivery's id encodes.

    Raises:
        ValueError: the id is not a delivery's.
    """
    key = parse_delivery_id(delivery.id)
    if key is None:
        raise ValueError(delivery.id)
    return key
