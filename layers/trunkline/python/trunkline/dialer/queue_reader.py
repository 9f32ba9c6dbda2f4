"""Queue reader of a run: the waiting calls, those that may be claimed, and those that are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call, Change
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.repository import CallRepository
from trunkline.calls.transitions import enqueue_due
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.item_guard import ItemGuard
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.batch_throttle import BatchThrottle, concurrency_filter
from trunkline.dialer.context import DialerContext
from trunkline.dialer.fair_order import FairScheduler
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository

MAX_DUE_PER_LOOK = 50
"""Due calls moved in one go; then the run looks after its dials again."""

_MAX_AGE_US = 250_000
_MIN_AGE_US = 50_000


@dataclass(frozen=True)
class QueueSnapshot:
    """The queue at one moment: whether any call waits, and the `claimable` ones in order.

    `blocked`: no call may be claimed until a slot is free.
    """

    waiting: bool
    blocked: bool
    claimable: list[QueuePosition]


class QueueReader:
    """Reads one trunk's queue for one run.

    A result is reused for 250 ms, or until its calls are claimed: a busy lane asks after every change,
    and that must not cost a query each.
    """

    def __init__(self, context: DialerContext, queue: DialQueue, trunks: TrunkRepository) -> None:
        self._context = context
        self._queue = queue
        self._trunks = trunks
        self._scheduler = FairScheduler()
        self._batch_throttle = BatchThrottle()
        self._found: list[QueuePosition] = []
        self._claimed: set[str] = set()
        self._taken: dict[str, int] = {}
        self._read_us: int | None = None

    async def read(
        self, state: TrunkState, limit: int, is_in_progress: Callable[[str], bool], *, fresh: bool = False
    ) -> QueueSnapshot:
        """Find the first `limit` positions that may be claimed; `fresh` forces a read of the table."""
        unclaimed = self._unclaimed(is_in_progress)
        if fresh or self._is_stale(len(unclaimed), limit):
            await self._read(state, max(limit, int(state.trunk.cps * _MAX_AGE_US / 500_000)))
            unclaimed = self._unclaimed(is_in_progress)
        allowed = self._batch_throttle.allowed(state, self._context.clock.monotonic_us())
        positions = self._scheduler.order(unclaimed)
        claimable = concurrency_filter(positions, state, self._taken, allowed)
        blocked = not concurrency_filter(positions, state, self._taken, None)
        if not claimable and any(position.batch for position in positions):
            positions = self._scheduler.order(await self._read_direct(state, limit, is_in_progress))
            claimable = concurrency_filter(positions, state, self._taken, 0)
        return QueueSnapshot(bool(unclaimed), blocked and not claimable, claimable)

    def record_claim(self, position: QueuePosition) -> int:
        """Record a claim, and return its number in the order of claiming."""
        self._claimed.add(position.call_id)
        if position.batch:
            self._batch_throttle.record_claim()
        return self._scheduler.record_served(position)

    def _unclaimed(self, is_in_progress: Callable[[str], bool]) -> list[QueuePosition]:
        return [
            position
            for position in self._found
            if position.call_id not in self._claimed and not is_in_progress(position.call_id)
        ]

    def _is_stale(self, unclaimed: int, limit: int) -> bool:
        if self._read_us is None:
            return True
        age_us = self._context.clock.monotonic_us() - self._read_us
        return age_us >= (_MAX_AGE_US if unclaimed >= limit else _MIN_AGE_US)

    async def _read(self, state: TrunkState, limit: int) -> None:
        """Read slots, then the queue: a slot freed in between is found at the next read."""
        pools = state.pools()
        self._read_us = self._context.clock.monotonic_us()
        taken = await asyncio.gather(
            *(self._context.offload(self._trunks.slots_taken, pool) for pool in pools)
        )
        held = state.active_holds(self._context.clock.wall_ms())
        self._found = await self._read_each_tenant(state, partial(self._queue.peek, held=held), limit)
        self._taken = dict(zip(pools, taken, strict=True))
        self._claimed.clear()

    async def _read_direct(
        self, state: TrunkState, limit: int, is_in_progress: Callable[[str], bool]
    ) -> list[QueuePosition]:
        """Read the direct calls behind batch calls that may not be dialled now."""
        positions = await self._read_each_tenant(state, self._queue.peek_direct, limit)
        return [position for position in positions if not is_in_progress(position.call_id)]

    async def _read_each_tenant(
        self, state: TrunkState, read: Callable[[str, str, int], list[QueuePosition]], limit: int
    ) -> list[QueuePosition]:
        trunk_id = state.declared.id
        reads = (self._context.offload(read, trunk_id, tenant_id, limit) for tenant_id in state.tenants)
        lines: list[list[QueuePosition]] = await asyncio.gather(*reads)
        return [position for queue in lines for position in queue]


def enqueue_due_calls(calls: CallRepository, trunk_id: str, now_ms: int, guard: ItemGuard) -> int:
    """Move the calls that are due into the queue, and return how many.

    Each move is one transaction: a crash in between loses none, and a second mover does nothing.
    """

    def decide(call: Call) -> Change | None:
        if not call.is_waiting or call.due_ms is None or call.due_ms > now_ms:
            return None
        position = QueuePosition(call.tenant_id, call.priority, call.is_batch, call.due_ms * 1000, call.id)
        # A batch's calls keep their positions: holds cover them, and a redial does not wait for 90,000 rows.
        # So does a call whose pace the carrier refused: that refusal was not its own.
        keeps = call.is_batch or call.waits_for is WaitsFor.CARRIER
        return enqueue_due(call, call.queue_position if keeps else position.key, now_ms)

    moved = failed = 0
    while True:
        # Calls that failed stay at the head: the ones behind them are read, too.
        due_ids = calls.due_ids(trunk_id, now_ms, failed + MAX_DUE_PER_LOOK)[failed:]
        for call_id in due_ids:
            failed += 1
            with guard.item("due_call", call_id, passes=(BotoCoreError, ClientError)):
                moved += calls.update(call_id, decide, now_ms) is not None
                failed -= 1
        if moved or len(due_ids) < MAX_DUE_PER_LOOK:
            return moved
