"""A webhook endpoint as it is stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.webhooks.events import EventType, is_selected

AT_ONCE = 10
"""How many deliveries to one endpoint may be on their way at once, unless the stage says less."""


@dataclass(frozen=True)
class Endpoint:
    """Where a tenant wants its events of one mode sent, and which.

    `secret`, `previous_secret` and `headers` are ciphertexts; `header_names` is what may be shown of the
    last. `version` is raised by every change.
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

    def slots(self, most: int) -> int:
        """How many deliveries may be on their way at once, of at most so many."""
        return min(most, self.rate_limit_per_s or most)

    def slot_rest_ms(self, most: int) -> int:
        """How long after a start its slot may not start another: so the rate is kept without a counter."""
        return self.slots(most) * 1000 // self.rate_limit_per_s if self.rate_limit_per_s else 0

    def wants(self, event_type: EventType, *, livemode: bool) -> bool:
        """Say whether an event is to be sent to it."""
        return self.enabled and self.livemode is livemode and is_selected(self.events, event_type)

    def as_attributes(self) -> dict[str, Any]:
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
