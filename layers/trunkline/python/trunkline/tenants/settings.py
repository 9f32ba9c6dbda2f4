"""Tenant settings by the operator: retention of calls and limits of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from trunkline.core.clock import Clock
from trunkline.storage.keys.tenants import tenant_key
from trunkline.storage.table import Table

_CACHE_MS = 60_000
_DAY_S = 24 * 3600


@dataclass(frozen=True)
class TenantSettings:
    """A tenant's settings; None means no limit.

    `retention_days` counts from a call's end. `requests_per_minute` applies to keys without a limit of
    their own. The other limits apply to each mode separately.
    """

    retention_days: int | None = None
    requests_per_minute: int | None = None
    max_calls_waiting: int | None = None
    max_calls_in_progress: int | None = None
    max_calls_a_day: int | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> TenantSettings:
        """Read a stored tenant."""
        return cls(**{field.name: item.get(field.name) for field in fields(cls)})

    def ttl(self, last_moment_ms: int) -> int | None:
        """Return when a call that ends by `last_moment_ms` expires, in epoch seconds; None: never."""
        return None if self.retention_days is None else last_moment_ms // 1000 + self.retention_days * _DAY_S


@dataclass(frozen=True)
class TenantSettingsCache:
    """Reads each tenant at most once a minute, so that a change takes effect within a minute."""

    table: Table
    clock: Clock
    _cache: dict[str, tuple[int, TenantSettings]] = field(default_factory=dict)

    def get(self, tenant_id: str) -> TenantSettings:
        """Return a tenant's settings."""
        now_ms = self.clock.wall_ms()
        read_at_ms, settings = self._cache.get(tenant_id, (0, TenantSettings()))
        if now_ms - read_at_ms > _CACHE_MS:
            settings = TenantSettings.parse(self.table.get(tenant_key(tenant_id)) or {})
            self._cache[tenant_id] = (now_ms, settings)
        return settings
