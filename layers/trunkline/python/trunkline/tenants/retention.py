"""How long a tenant's calls are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.clock import Clock
from trunkline.item_keys import tenant_key
from trunkline.table import Table

_FRESH_MS = 60_000
_DAY_S = 24 * 3600


@dataclass(frozen=True)
class Retention:
    """Tenants' retention, read at most once a minute each: a change counts for calls made a minute later."""

    table: Table
    clock: Clock
    _known: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    def ttl(self, tenant_id: str, last_moment_ms: int) -> int | None:
        """When a call that is over by `last_moment_ms` is deleted, in seconds; None: it is kept."""
        days = self._days(tenant_id)
        return None if days is None else last_moment_ms // 1000 + days * _DAY_S

    def _days(self, tenant_id: str) -> int | None:
        now_ms = self.clock.wall_ms()
        read_at_ms, days = self._known.get(tenant_id, (0, None))
        if now_ms - read_at_ms > _FRESH_MS:
            item = self.table.get(tenant_key(tenant_id)) or {}
            days = item.get("retention_days")
            self._known[tenant_id] = (now_ms, days)
        return days
