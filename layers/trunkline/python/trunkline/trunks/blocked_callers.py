"""Counts of calls that a trunk's carrier blocked, by caller number: the sign that a number has a bad name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from trunkline.calls.models import Call
from trunkline.core.clock import Clock
from trunkline.storage.keys.dialing import blocked_calls_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Table, Update

DAYS_SHOWN = 7
MAX_CALLERS_SHOWN = 100
_RETENTION_S = 31 * 86_400
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class BlockedCaller:
    """A caller number with its blocked calls of the last days."""

    caller_id: str
    blocked_calls: int
    last_blocked_at_ms: int


@dataclass(frozen=True)
class BlockedCallers:
    """Counts by tenant, day (UTC) and caller number: an item each, which is deleted after a month."""

    table: Table
    clock: Clock

    def record(self, call: Call) -> None:
        """Count one blocked call."""
        now_ms = self.clock.wall_ms()
        key = blocked_calls_key(call.trunk_id, call.tenant_id, _day(now_ms), call.caller_id)
        marks = {"caller_id": call.caller_id, "last_at_ms": now_ms, TTL: now_ms // 1000 + _RETENTION_S}
        self.table.write(Update(key, set=marks, add={"blocked_calls": 1}))

    def recent(self, trunk_id: str, tenant_id: str) -> list[BlockedCaller]:
        """List a tenant's blocked caller numbers of the last seven days, the most blocked first."""
        now_ms = self.clock.wall_ms()
        first = blocked_calls_key(trunk_id, tenant_id, _day(now_ms - (DAYS_SHOWN - 1) * _DAY_MS))
        last = blocked_calls_key(trunk_id, tenant_id, _day(now_ms + _DAY_MS))
        found: dict[str, BlockedCaller] = {}
        for item in self.table.between(first, last.sk):
            caller_id, last_at_ms = item["caller_id"], item["last_at_ms"]
            before = found.get(caller_id)
            blocked = item["blocked_calls"] + (before.blocked_calls if before else 0)
            found[caller_id] = BlockedCaller(caller_id, blocked, last_at_ms)
        ranked = sorted(found.values(), key=lambda caller: (-caller.blocked_calls, caller.caller_id))
        return ranked[:MAX_CALLERS_SHOWN]


def _day(at_ms: int) -> str:
    """Return the UTC date of a time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
