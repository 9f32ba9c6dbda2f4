"""A delivery: one event on its way to one endpoint, and what became of each attempt. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from trunkline.webhooks.events import EventType

KEPT_S = 30 * 86_400
_ID = re.compile(r"dlv_([0-9a-f]{20})_([0-9a-f]{11})_([0-9a-f]{16})")


class DeliveryState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """One request and what came of it; `body` is the beginning of the answer, kept beside the delivery."""

    number: int
    at_ms: int
    took_ms: int
    status: int | None = None
    error: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One event for one endpoint.

    `id` says where it is kept. `max_attempts` is the endpoint's at the time; `failure` says why it was
    given up, `redelivery_of` which earlier delivery's event it carries again. `version` counts writes.
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
    redelivery_of: str | None = None
    redelivered_as: str | None = None
    version: int = 0

    def as_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


_FIELDS = frozenset(Delivery.__dataclass_fields__)


def delivery_from_attributes(item: Mapping[str, Any]) -> Delivery:
    """Read a stored delivery."""
    values = {name: value for name, value in item.items() if name in _FIELDS}
    values["event_type"] = EventType(values["event_type"])
    values["state"] = DeliveryState(values["state"])
    values["attempts"] = tuple(Attempt(**each) for each in values.get("attempts", ()))
    return Delivery(**values)


@dataclass(frozen=True)
class DeliveryKey:
    """Where a delivery is kept: its endpoint, its moment, and what tells it from others of that moment."""

    endpoint_id: str
    at_ms: int
    digest: str


def delivery_id(endpoint_id: str, event_id: str, at_ms: int, again: str = "") -> str:
    """The id of an event's delivery to an endpoint: the same each time, or another for each `again`."""
    digest = hashlib.sha256(f"{endpoint_id}\n{event_id}\n{again}".encode()).hexdigest()[:16]
    return f"dlv_{endpoint_id.removeprefix('wh_')}_{at_ms:011x}_{digest}"


def delivery_key_of(text: str) -> DeliveryKey | None:
    """Read where a delivery is kept; None for what is no id of one."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    return DeliveryKey(f"wh_{match[1]}", int(match[2], 16), match[3])
