"""Quotas of a tenant: waiting calls and calls a day.

The counters are apart from the calls, so that the transactions of calls have no contended counter in them.
The limit is never exceeded; after a crash a few fewer calls are admitted until the next count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from boto3.dynamodb.conditions import Attr

from trunkline.auth.principal import Principal
from trunkline.calls.models import Call
from trunkline.calls.value_objects import Channel
from trunkline.core.clock import Clock
from trunkline.core.errors import DailyLimitReached, QueueFull
from trunkline.storage.keys.item import TTL, ItemKey
from trunkline.storage.keys.tenants import day_count_key, waiting_gauge_key
from trunkline.storage.table import ConditionFailed, Table, Update
from trunkline.tenants.settings import TenantSettingsCache

_DAY_S = 24 * 3600
SETTLES_MS = 5_000
"""After this time an admitted call is in the queue, or never will be."""


class WaitingCounter(Protocol):
    """Counts a tenant's waiting calls of a mode, never more than `limit`."""

    def __call__(self, tenant_id: str, *, livemode: bool, limit: int) -> int: ...


@dataclass(frozen=True)
class QuotaService:
    """Admits calls within the tenant's limits."""

    table: Table
    settings: TenantSettingsCache
    count_waiting: WaitingCounter
    clock: Clock

    def reserve(self, call: Call) -> None:
        """Count a call that is about to be stored.

        Raises:
            QueueFull: the tenant has reached its limit of waiting calls.
            DailyLimitReached: the tenant has reached its limit of calls a day.
        """
        facts = self.settings.get(call.tenant_id)
        if call.channel is Channel.PHONE and facts.max_calls_waiting is not None:
            self._reserve_waiting(call, facts.max_calls_waiting)
        if facts.max_calls_a_day is not None:
            self._count_today(call, facts.max_calls_a_day)

    def release(self, call: Call) -> None:
        """Uncount a call that was not stored. If this fails, one call fewer is admitted today."""
        facts = self.settings.get(call.tenant_id)
        if facts.max_calls_a_day is not None:
            self.table.write(Update(self._day_count_key(call), add={"made": -1}))

    def calls_today(self, principal: Principal) -> int:
        """Return how many calls a tenant with a daily limit has made today."""
        day = _day(self.clock.wall_ms())
        item = self.table.get(day_count_key(principal.tenant_id, day, livemode=principal.livemode))
        return int((item or {}).get("made", 0))

    def _count_today(self, call: Call, limit: int) -> None:
        now_ms = self.clock.wall_ms()
        made = Attr("made")
        kept = {TTL: now_ms // 1000 + 2 * _DAY_S}
        free = made.not_exists() | made.lt(limit)
        try:
            self.table.write(Update(self._day_count_key(call), set=kept, add={"made": 1}, condition=free))
        except ConditionFailed as error:
            raise DailyLimitReached(limit, _DAY_S - now_ms // 1000 % _DAY_S) from error

    def _day_count_key(self, call: Call) -> ItemKey:
        return day_count_key(call.tenant_id, _day(self.clock.wall_ms()), livemode=call.livemode)

    def _reserve_waiting(self, call: Call, limit: int) -> None:
        """Take one of the places that the last count left; if none is left, count again.

        A new count waits until `SETTLES_MS` after the last admission: by then every admitted call is in the
        queue, so the count includes it.
        """
        gauge = waiting_gauge_key(call.tenant_id, livemode=call.livemode)
        now_ms = self.clock.wall_ms()
        free = Attr("left").gt(0) & Attr("limit").eq(limit)
        take = Update(gauge, set={"admitted_ms": now_ms}, add={"left": -1}, condition=free)
        try:
            self.table.write(take)
        except ConditionFailed as error:
            seen = error.item or {}
            if now_ms < seen.get("admitted_ms", 0) + SETTLES_MS and seen.get("limit") == limit:
                raise QueueFull(limit) from error
            self._recount(call, limit, seen, now_ms)

    def _recount(self, call: Call, limit: int, seen: dict[str, int], now_ms: int) -> None:
        left = limit - self.count_waiting(call.tenant_id, livemode=call.livemode, limit=limit)
        if left <= 0:
            raise QueueFull(limit)
        gauge = waiting_gauge_key(call.tenant_id, livemode=call.livemode)
        stamp = Attr("admitted_ms")
        unchanged = stamp.eq(seen["admitted_ms"]) if "admitted_ms" in seen else stamp.not_exists()
        counted = {"left": left - 1, "limit": limit, "admitted_ms": now_ms}
        try:
            self.table.write(Update(gauge, set=counted, condition=unchanged))
        except ConditionFailed:
            # Another request has just counted, so there may be places again.
            self._reserve_waiting(call, limit)


def _day(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()
