"""Webhook endpoints as they are stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.core.redaction import HIDDEN_VALUE
from trunkline.webhooks.events import EventType, is_selected

MAX_CONCURRENT_DELIVERIES = 10
"""Requests to one endpoint that may be in flight at once; a stage may set fewer."""

MAX_TENANT_DELIVERIES = 50
"""Requests of one tenant that may be in flight at once; a stage may set fewer."""

MAX_DELIVERIES = 200
"""Requests of all tenants that may be in flight at once; a stage may set another number."""

MAX_PREVIOUS_SECRETS = 5
HIDDEN_QUERY = f"?{HIDDEN_VALUE}"


@dataclass(frozen=True)
class Endpoint:
    """A tenant's subscription to events of one mode, and the URL that receives them.

    `secret`, `previous_secrets` (oldest first) and `headers` are ciphertexts; `header_names` may be shown.
    Every change raises `version`.
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
    previous_secrets: tuple[bytes, ...] = ()
    previous_until_ms: int | None = None
    version: int = 1

    @property
    def shown_url(self) -> str:
        """Return the URL as it is shown: its query may contain a secret."""
        path, mark, _ = self.url.partition("?")
        return path + HIDDEN_QUERY if mark else path

    def overlaps(self, now_ms: int) -> bool:
        """Tell whether earlier secrets sign, too."""
        return self.previous_until_ms is not None and now_ms < self.previous_until_ms

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
    for name in ("secret", "headers"):
        if name in values:
            values[name] = bytes(values[name])
    values["previous_secrets"] = tuple(bytes(secret) for secret in values.get("previous_secrets", ()))
    for name in ("events", "header_names"):
        values[name] = tuple(values.get(name, ()))
    return Endpoint(**values)
