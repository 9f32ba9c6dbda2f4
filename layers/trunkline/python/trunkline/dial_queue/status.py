"""Queue status: the position of a waiting call and the estimated time of its dial.

The number of reads is bounded, however long the queue is.
"""

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
from trunkline.trunks.circuit_breaker import LIVEKIT_REFUSED
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository

MAX_EXACT_COUNT = 1_000
"""A tenant's queue is counted exactly up to this length; beyond it, checkpoints are used."""

CHECKPOINT_STEP = 250


class QueueCheckpoints:
    """Checkpoints of long queues, written by the reconciler: the sort key of every 250th position."""

    def __init__(self, table: Table, queue: DialQueue) -> None:
        self._table = table
        self._queue = queue

    def update(self, trunk_id: str, tenant_id: str) -> int:
        """Walk a tenant's queue and store its checkpoints; a queue that is counted exactly needs none.

        Returns:
            The number of waiting calls.
        """
        counted = self._queue.count(trunk_id, f"{tenant_id}#", f"{tenant_id}#{LAST}", MAX_EXACT_COUNT)
        if counted < MAX_EXACT_COUNT:
            return counted
        waiting, marks = 0, []
        for key in self._queue.sort_keys(trunk_id, tenant_id):
            if waiting % CHECKPOINT_STEP == 0:
                marks.append(key.removeprefix(f"{tenant_id}#"))
            waiting += 1
        values = {"marks": marks, "waiting": waiting}
        self._table.write(Put(queue_checkpoint_key(trunk_id, tenant_id).as_item() | values))
        return waiting

    def load(self, trunk_id: str, tenant_id: str) -> list[str]:
        """Read the checkpoints of a tenant's queue."""
        item = self._table.get(queue_checkpoint_key(trunk_id, tenant_id)) or {}
        return [f"{tenant_id}#{mark}" for mark in item.get("marks", [])]


class QueueStatusReader:
    """Computes the position of calls and the length of queues."""

    def __init__(
        self,
        queue: DialQueue,
        lanes: LaneLeaseRepository,
        trunks: TrunkRepository,
        checkpoints: QueueCheckpoints,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._lanes = lanes
        self._trunks = trunks
        self._checkpoints = checkpoints
        self._clock = clock

    def status(self, call: Call) -> QueueStatus | None:
        """Compute what a call waits for; None if it does not wait."""
        if not call.is_waiting:
            return QueueStatus("preparing") if call.phase is Phase.PREPARED else None
        if call.waits_for is WaitsFor.ZONE:
            return QueueStatus(call.waits_for)
        if call.state is State.SCHEDULED:
            return QueueStatus("scheduled", None, call.due_ms)
        state = self._trunks.state(call.trunk_id)
        if paused := self._paused_state(state):
            return QueueStatus(paused, self._position(call, state))
        if call.due_ms is not None:
            return QueueStatus(call.waits_for or "waiting_for_retry", None, call.due_ms)
        return self._status_in_queue(state, call) if state else None

    def _paused_state(self, state: TrunkState | None) -> str | None:
        if state and state.breaker and state.breaker.is_refusal:
            return LIVEKIT_REFUSED
        is_paused = state is None or state.paused_because(self._clock.wall_ms())
        return "trunk_paused" if is_paused else None

    def _status_in_queue(self, state: TrunkState, call: Call) -> QueueStatus:
        if hold := holding_batch(
            state.active_holds(self._clock.wall_ms()), QueuePosition.parse(call.queue_position)
        ):
            waits_for = "batch_not_started" if hold.until_ms else "batch_paused"
            return QueueStatus(waits_for, None, hold.until_ms)
        if self.is_full(state, call.tenant_id, batch=call.is_batch):
            return QueueStatus("at_capacity", self._position(call, state))
        position = self._position(call, state) or 1
        return QueueStatus("in_line", position, self._estimate(state, position))

    def waiting(self, trunk_id: str, tenant_id: str) -> int:
        """Count a tenant's waiting calls: exact below 1,000, else as of the last checkpoints."""
        return self._count_up_to(trunk_id, tenant_id, f"{tenant_id}#{LAST}")

    def is_full(self, state: TrunkState, tenant_id: str, *, batch: bool = False) -> bool:
        """Tell whether a limit of concurrent calls keeps the tenant's next call in line."""
        limits = state.limits(tenant_id, batch=batch)
        return any(self._trunks.slots_taken(pool) >= limit for pool, limit in limits.items())

    def _estimate(self, state: TrunkState, position: int) -> int:
        """Estimate the dial time (ms): every call ahead takes one start at the present pace."""
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
        """Count other tenants' calls ahead: all of a better rank, one per own call of the same rank."""
        ahead, own = 0, None
        for tenant_id in tenant_ids:
            rank_key = place.rank_key.replace(place.tenant_id, tenant_id, 1)
            ahead += self._queue.count(trunk_id, f"{tenant_id}#", rank_key, MAX_EXACT_COUNT)
            if own is None:
                own = self._queue.count(trunk_id, place.rank_key, place.key, MAX_EXACT_COUNT)
            ahead += self._queue.count(trunk_id, rank_key, rank_key + LAST, max(1, own))
        return ahead

    def _count_up_to(self, trunk_id: str, tenant_id: str, key: str) -> int:
        """Count a tenant's positions up to and including a key."""
        counted = self._queue.count(trunk_id, f"{tenant_id}#", key, MAX_EXACT_COUNT)
        if counted < MAX_EXACT_COUNT:
            return counted
        return max(counted, self._count_by_checkpoints(trunk_id, tenant_id, key))

    def _count_by_checkpoints(self, trunk_id: str, tenant_id: str, key: str) -> int:
        """Count exactly from the head to the first checkpoint and from the last checkpoint to the key."""
        marks = self._checkpoints.load(trunk_id, tenant_id)
        head = self._queue.peek(trunk_id, tenant_id, 1)
        span = checkpoints_between(marks, head[0].key if head else "", key)
        if span is None:
            return 0
        first, last, between = span
        to_first = self._queue.count(trunk_id, f"{tenant_id}#", first, MAX_EXACT_COUNT)
        from_last = self._queue.count(trunk_id, last, key, MAX_EXACT_COUNT)
        return to_first + between + from_last - 1


def checkpoints_between(marks: Sequence[str], head: str, key: str) -> tuple[str, str, int] | None:
    """Find the checkpoints at or after `head` and at or before `key`, and count the positions between them.

    Returns:
        First and last checkpoint and the distance between them; None if no checkpoint lies between.
    """
    first, last = bisect_left(marks, head), bisect_right(marks, key) - 1
    if first > last:
        return None
    return marks[first], marks[last], (last - first) * CHECKPOINT_STEP
