"""Where a waiting call stands, and when it will ring: a bounded number of reads, however long the line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from trunkline.calls.models import Call
from trunkline.calls.queue_position import LAST, QueuePosition
from trunkline.calls.queue_status import QueueStatus
from trunkline.calls.states import Phase, State
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.clock import Clock
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.pacing import spacing_us
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.keys.dialing import queue_checkpoint_key
from trunkline.storage.table import Put, Table
from trunkline.trunks.batch_holds import holding_batch
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository

MAX_EXACT_COUNT = 1_000
"""A tenant's line is counted exactly up to here; beyond, the last census helps."""

CHECKPOINT_STEP = 250


class QueueCheckpoints:
    """The reconciler's count of long lines, once a minute: the sort key of every 250th place."""

    def __init__(self, table: Table, line: DialQueue) -> None:
        self._table = table
        self._line = line

    def take(self, trunk_id: str, tenant_id: str) -> int:
        """Walk a tenant's line and keep its marks; a line that is counted exactly anyway needs none.

        Returns:
            How many calls wait.
        """
        if (
            self._line.count(trunk_id, f"{tenant_id}#", f"{tenant_id}#{LAST}", MAX_EXACT_COUNT)
            < MAX_EXACT_COUNT
        ):
            return 0
        waiting, marks = 0, []
        for key in self._line.keys(trunk_id, tenant_id):
            if waiting % CHECKPOINT_STEP == 0:
                marks.append(key.removeprefix(f"{tenant_id}#"))
            waiting += 1
        values = {"marks": marks, "waiting": waiting}
        self._table.write(Put(queue_checkpoint_key(trunk_id, tenant_id).as_item() | values))
        return waiting

    def marks(self, trunk_id: str, tenant_id: str) -> list[str]:
        """The marks of the last census."""
        item = self._table.get(queue_checkpoint_key(trunk_id, tenant_id)) or {}
        return [f"{tenant_id}#{mark}" for mark in item.get("marks", [])]


class QueueStatusReader:
    """Answers "where am I?" for calls and "how many wait?" for trunks."""

    def __init__(
        self,
        line: DialQueue,
        lanes: LaneLeaseRepository,
        trunks: TrunkRepository,
        checkpoints: QueueCheckpoints,
        clock: Clock,
    ) -> None:
        self._line = line
        self._lanes = lanes
        self._trunks = trunks
        self._checkpoints = checkpoints
        self._clock = clock

    def status(self, call: Call) -> QueueStatus | None:
        """Say what a call waits for; None if it does not wait."""
        if not call.is_waiting:
            return QueueStatus("preparing") if call.phase is Phase.PREPARED else None
        if call.waits_for is WaitsFor.ZONE:
            return QueueStatus(call.waits_for)
        if call.state is State.SCHEDULED:
            return QueueStatus("scheduled", None, call.due_ms)
        state = self._trunks.state(call.trunk_id)
        if state is None or state.paused_because(self._clock.wall_ms()):
            return QueueStatus("trunk_paused", self._position(call, state))
        if call.due_ms is not None:
            return QueueStatus(call.waits_for or "waiting_for_retry", None, call.due_ms)
        return self._in_line(state, call)

    def _in_line(self, state: TrunkState, call: Call) -> QueueStatus:
        if hold := holding_batch(state.held(self._clock.wall_ms()), QueuePosition.parse(call.queue_position)):
            waits_for = "batch_not_started" if hold.until_ms else "batch_paused"
            return QueueStatus(waits_for, None, hold.until_ms)
        if self._full(state, call):
            return QueueStatus("at_capacity", self._position(call, state))
        position = self._position(call, state) or 1
        return QueueStatus("in_line", position, self._estimate(state, position))

    def waiting(self, trunk_id: str, tenant_id: str) -> int:
        """Count a tenant's calls in a line: exact below 1,000, else as of the last census."""
        return self._count_up_to(trunk_id, tenant_id, f"{tenant_id}#{LAST}")

    def _full(self, state: TrunkState, call: Call) -> bool:
        limits = state.limits(call.tenant_id, batch=call.is_batch)
        return any(self._trunks.slots_taken(pool) >= limit for pool, limit in limits.items())

    def _estimate(self, state: TrunkState, position: int) -> int:
        """As if every call ahead took one start at today's pace."""
        trunk = state.trunk
        pace = trunk.cps * self._lanes.pace_factor(trunk.id)
        return self._clock.wall_ms() + position * spacing_us(pace) // 1000

    def _position(self, call: Call, state: TrunkState | None) -> int | None:
        if call.due_ms is not None:
            return None
        place = QueuePosition.parse(call.queue_position)
        position = self._count_up_to(call.trunk_id, call.tenant_id, place.key)
        others = [tenant for tenant in (state.tenants if state else ()) if tenant != call.tenant_id]
        return max(1, position + self._others_ahead(call.trunk_id, place, others))

    def _others_ahead(self, trunk_id: str, place: QueuePosition, tenant_ids: Iterable[str]) -> int:
        """Other tenants' calls of better rank all go first; of the same rank, one for each of mine."""
        ahead, mine = 0, None
        for tenant_id in tenant_ids:
            rank_key = place.rank_key.replace(place.tenant_id, tenant_id, 1)
            ahead += self._line.count(trunk_id, f"{tenant_id}#", rank_key, MAX_EXACT_COUNT)
            if mine is None:
                mine = self._line.count(trunk_id, place.rank_key, place.key, MAX_EXACT_COUNT)
            ahead += self._line.count(trunk_id, rank_key, rank_key + LAST, max(1, mine))
        return ahead

    def _count_up_to(self, trunk_id: str, tenant_id: str, key: str) -> int:
        """Count a tenant's places up to and with a key."""
        counted = self._line.count(trunk_id, f"{tenant_id}#", key, MAX_EXACT_COUNT)
        if counted < MAX_EXACT_COUNT:
            return counted
        return max(counted, self._count_by_checkpoints(trunk_id, tenant_id, key))

    def _count_by_checkpoints(self, trunk_id: str, tenant_id: str, key: str) -> int:
        """Count exactly from the head to the next mark and from the last mark to the key."""
        marks = self._checkpoints.marks(trunk_id, tenant_id)
        head = self._line.peek(trunk_id, tenant_id, 1)
        span = marks_between(marks, head[0].key if head else "", key)
        if span is None:
            return 0
        first, last, between = span
        to_first = self._line.count(trunk_id, f"{tenant_id}#", first, MAX_EXACT_COUNT)
        from_last = self._line.count(trunk_id, last, key, MAX_EXACT_COUNT)
        return to_first + between + from_last - 1


def marks_between(marks: Sequence[str], head: str, key: str) -> tuple[str, str, int] | None:
    """The first mark at or after the head, the last at or before the key, and how many places lie between."""
    first, last = bisect_left(marks, head), bisect_right(marks, key) - 1
    if first > last:
        return None
    return marks[first], marks[last], (last - first) * CHECKPOINT_STEP
