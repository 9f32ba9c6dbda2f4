"""Webhook endpoints as they are stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.webhooks.events import EventType, is_selected

MAX_CONCURRENT_DELIVERIES = 10
"""Requests to one endpoint that may be in flight at once; a stage may set fewer."""


@dataclass(frozen=True)
class Endpoint:
    """A tenant's subscription to events of one mode, and the URL that receives them.

    `secret`, `previous_secret` and `headers` are ciphertexts; `header_names` may be shown. Every change
    raises `version`.
    """

    id: str
    tenant_id: str
    livemode: bool
    url: str
    secret: bytes
    created_at_ms: int
    updated_at_ms: int
    events: tuple[str, ...] = ()
    include_transcript: bool = False
    include_metrics: bool = False
    max_attempts: int = 5
    description: str = ""
    headers: bytes | None = None
    header_names: tuple[str, ...] = ()
    rate_limit_per_s: int | None = None
    enabled: bool = True
    disabled_reason: str | None = None
    previous_secret: bytes | None = None
    previous_until_ms: int | None = None
    version: int = 1

    def slots(self, max_slots: int) -> int:
        """Return the number of deliveries that may be in flight at once, at most `max_slots`."""
        return min(max_slots, self.rate_limit_per_s or max_slots)

    def slot_cooldown_ms(self, max_slots: int) -> int:
        """Return the time between two starts in one slot, which keeps the rate without a counter."""
        return self.slots(max_slots) * 1000 // self.rate_limit_per_s if self.rate_limit_per_s else 0

    def wants(self, event_type: EventType, *, livemode: bool) -> bool:
        """Tell whether the endpoint receives an event."""
        return self.enabled and self.livemode is livemode and is_selected(self.events, event_type)

    def as_attributes(self) -> dict[str, Any]:
        """Return the attributes to store; empty ones are left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


_FIELDS = frozenset(Endpoint.__dataclass_fields__)


def endpoint_from_attributes(item: Mapping[str, Any]) -> Endpoint:
    """Read a stored endpoint."""
    values = {name: value for name, value in item.items() if name in _FIELDS}
    for name in ("secret", "previous_secret", "headers"):
        if name in values:
            values[name] = bytes(values[name])
    for name in ("events", "header_names"):
        values[name] = tuple(values.get(name, ()))
    return Endpoint(**values)
