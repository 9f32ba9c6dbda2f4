"""Rate limiter of events: so many a minute for a trigger, and so many for a tenant."""

from __future__ import annotations

from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.core.clock import Clock
from trunkline.core.errors import RateLimited
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE, WINDOW_S, RateLimitStatus, window_of
from trunkline.storage.keys.automations import trigger_rate_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import ConditionFailed, Table, Update
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.triggers.models import Trigger

TENANT_FACTOR = 2
"""All triggers of a tenant and mode together take this many times the events of one."""

_TTL_S = 10 * WINDOW_S


@dataclass(frozen=True)
class EventRateLimiter:
    """Counts events in the minutes of the clock. A trigger may receive as many as a key may send requests."""

    table: Table
    settings: TenantSettingsCache
    clock: Clock

    def count(self, trigger: Trigger) -> None:
        """Count an event.

        Raises:
            RateLimited: the trigger, or its tenant, has received its events of this minute.
        """
        limit = self.settings.get(trigger.tenant_id).requests_per_minute or DEFAULT_PER_MINUTE
        self._count(trigger.id, limit)
        self._count(trigger.tenant_mode, limit * TENANT_FACTOR)

    def _count(self, owner: str, limit: int) -> None:
        now_ms = self.clock.wall_ms()
        window, used = window_of(now_ms), Attr("used")
        counted = Update(
            trigger_rate_key(owner, window),
            set={TTL: now_ms // 1000 + _TTL_S},
            add={"used": 1},
            condition=used.not_exists() | used.lt(limit),
        )
        try:
            self.table.write(counted)
        except ConditionFailed as error:
            raise RateLimited(RateLimitStatus.in_window(limit, limit, window), now_ms) from error
