"""Waiting calls of a tenant on a trunk by what they wait for, with a bounded number of reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from trunkline.calls.queue_position import LAST
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.clock import Clock
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import MAX_EXACT_COUNT, QueueStatusReader
from trunkline.storage.keys.dialing import scheduled_at_ms, scheduled_key
from trunkline.storage.keys.item import SK, ItemKey
from trunkline.storage.table import Table
from trunkline.trunks.batch_holds import BatchHold
from trunkline.trunks.circuit_breaker import LIVEKIT_REFUSED
from trunkline.trunks.models import TrunkState

MAX_DUE_READ = 500
"""How many calls that wait for a time are looked at, of all tenants of the trunk."""

_UNKNOWN_CAUSE = "scheduled"
"""Entries that an earlier version stored do not say what they wait for."""


@dataclass(frozen=True)
class WaitingCalls:
    """Calls that wait for one thing. `next_at_ms` is when the first of them may go on.

    `is_minimum` says that there may be more than were counted.
    """

    queue_state: str
    calls: int
    next_at_ms: int | None = None
    is_minimum: bool = False


@dataclass
class _Due:
    counts: Counter[str] = field(default_factory=Counter)
    first_ms: dict[str, int] = field(default_factory=dict)
    is_minimum: bool = False

    def add(self, cause: str, at_ms: int) -> None:
        self.counts[cause] += 1
        if cause != WaitsFor.ZONE:
            self.first_ms.setdefault(cause, at_ms)


@dataclass(frozen=True)
class WaitingCallCounter:
    """Counts by cause. The line costs what its length costs (`QueueStatusReader.waiting`)."""

    table: Table
    queue: DialQueue
    status: QueueStatusReader
    clock: Clock

    def by_cause(self, state: TrunkState, tenant_id: str, in_line: int) -> list[WaitingCalls]:
        """Count a tenant's waiting calls, `in_line` of them in line; only causes for which some wait."""
        return [each for each in self._by_cause(state, tenant_id, in_line) if each.calls > 0]

    def _by_cause(self, state: TrunkState, tenant_id: str, in_line: int) -> Iterator[WaitingCalls]:
        now_ms, trunk_id = self.clock.wall_ms(), state.declared.id
        for hold in state.active_holds(now_ms):
            if hold.tenant_id == tenant_id:
                held = min(in_line, self._held(trunk_id, hold))
                in_line -= held
                cause = "batch_not_started" if hold.until_ms else "batch_paused"
                yield WaitingCalls(cause, held, hold.until_ms, held >= MAX_EXACT_COUNT)
        yield WaitingCalls(self._line_state(state, tenant_id, now_ms), in_line)
        due = self._due(trunk_id, tenant_id)
        for cause, calls in sorted(due.counts.items()):
            yield WaitingCalls(cause, calls, due.first_ms.get(cause), due.is_minimum)

    def _line_state(self, state: TrunkState, tenant_id: str, now_ms: int) -> str:
        if state.breaker and state.breaker.is_refusal:
            return LIVEKIT_REFUSED
        if state.paused_because(now_ms):
            return "trunk_paused"
        return "at_capacity" if self.status.is_full(state, tenant_id) else "in_line"

    def _held(self, trunk_id: str, hold: BatchHold) -> int:
        """Count the calls of a held batch: one read for each priority."""
        ranks = (f"{hold.tenant_id}#{priority:02d}#1#" for priority in range(11))
        return sum(
            self.queue.count(
                trunk_id, f"{rank}{hold.first_us:017d}", f"{rank}{hold.last_us:017d}#{LAST}", MAX_EXACT_COUNT
            )
            for rank in ranks
        )

    def _due(self, trunk_id: str, tenant_id: str) -> _Due:
        due, first = _Due(), ItemKey(scheduled_key(trunk_id).pk, "0")
        items = self.table.between(first, "~", limit=MAX_DUE_READ + 1)
        due.is_minimum = len(items) > MAX_DUE_READ
        for item in items[:MAX_DUE_READ]:
            if item["tenant_id"] == tenant_id:
                due.add(item.get("waits_for", _UNKNOWN_CAUSE), scheduled_at_ms(item[SK]))
        return due
