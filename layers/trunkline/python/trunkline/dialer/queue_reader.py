"""A run's look at its line: what waits, what may be claimed of it, and what has come due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from trunkline.calls.models import Call, Change
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.repository import CallRepository
from trunkline.calls.transitions import enqueue_due
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.batch_throttle import BatchThrottle, concurrency_filter
from trunkline.dialer.context import DialerContext
from trunkline.dialer.fair_order import FairScheduler
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository

DUE_AT_ONCE = 50
"""How many due calls are let in before anything else is looked at."""

_SERVES_US = 250_000
_AT_LEAST_US = 50_000


@dataclass(frozen=True)
class QueueSnapshot:
    """`waiting` says whether anything waits at all, `claimable` what may go now, in order; `blocked` that
    nothing may until a slot is free."""

    waiting: bool
    blocked: bool
    claimable: list[QueuePosition]


class QueueReader:
    """Looks at one trunk's line for one run.

    A read serves for a quarter of a second, or until what it found is claimed: a busy lane looks at
    its line after every change, and that must not cost a query each.
    """

    def __init__(self, context: DialerContext, line: DialQueue, trunks: TrunkRepository) -> None:
        self._context = context
        self._line = line
        self._trunks = trunks
        self._turns = FairScheduler()
        self._batch_pace = BatchThrottle()
        self._found: list[QueuePosition] = []
        self._claimed: set[str] = set()
        self._taken: dict[str, int] = {}
        self._read_us: int | None = None

    async def look(
        self, state: TrunkState, limit: int, in_hand: Callable[[str], bool], *, fresh: bool = False
    ) -> QueueSnapshot:
        """Find the first `limit` places that may be claimed; `fresh` reads the line now."""
        left = self._left(in_hand)
        if fresh or self._is_over(len(left), limit):
            await self._read(state, max(limit, int(state.trunk.cps * _SERVES_US / 500_000)))
            left = self._left(in_hand)
        allowed = self._batch_pace.allowed(state, self._context.clock.monotonic_us())
        places = self._turns.order(left)
        claimable = concurrency_filter(places, state, self._taken, allowed)
        blocked = not concurrency_filter(places, state, self._taken, None)
        if not claimable and any(place.batch for place in places):
            places = self._turns.order(await self._direct(state, limit, in_hand))
            claimable = concurrency_filter(places, state, self._taken, 0)
        return QueueSnapshot(bool(left), blocked and not claimable, claimable)

    def took(self, place: QueuePosition) -> int:
        """Note a claim; returns its number in the order of claiming."""
        self._claimed.add(place.call_id)
        if place.batch:
            self._batch_pace.took()
        return self._turns.took(place)

    def _left(self, in_hand: Callable[[str], bool]) -> list[QueuePosition]:
        return [
            place
            for place in self._found
            if place.call_id not in self._claimed and not in_hand(place.call_id)
        ]

    def _is_over(self, left: int, limit: int) -> bool:
        if self._read_us is None:
            return True
        age_us = self._context.clock.monotonic_us() - self._read_us
        return age_us >= (_SERVES_US if left >= limit else _AT_LEAST_US)

    async def _read(self, state: TrunkState, limit: int) -> None:
        """Slots are read before the line: one that is freed in between is found at the next read."""
        pools = state.pools()
        self._read_us = self._context.clock.monotonic_us()
        taken = await asyncio.gather(
            *(self._context.offload(self._trunks.slots_taken, pool) for pool in pools)
        )
        held = state.held(self._context.clock.wall_ms())
        self._found = await self._of_each_tenant(state, partial(self._line.peek, held=held), limit)
        self._taken = dict(zip(pools, taken, strict=True))
        self._claimed.clear()

    async def _direct(
        self, state: TrunkState, limit: int, in_hand: Callable[[str], bool]
    ) -> list[QueuePosition]:
        """Direct calls of a later priority, where batch calls that may not go stand before them."""
        places = await self._of_each_tenant(state, self._line.peek_direct, limit)
        return [place for place in places if not in_hand(place.call_id)]

    async def _of_each_tenant(
        self, state: TrunkState, read: Callable[[str, str, int], list[QueuePosition]], limit: int
    ) -> list[QueuePosition]:
        trunk_id = state.declared.id
        reads = (self._context.offload(read, trunk_id, tenant_id, limit) for tenant_id in state.tenants)
        lines: list[list[QueuePosition]] = await asyncio.gather(*reads)
        return [place for line in lines for place in line]


def enqueue_due_calls(calls: CallRepository, trunk_id: str, now_ms: int) -> int:
    """Move the calls whose moment has come into the line; returns how many.

    Each is one transaction, so that a crash in between loses none, and a second mover finds them moved.
    """

    def decide(call: Call) -> Change | None:
        if not call.is_waiting or call.due_ms is None or call.due_ms > now_ms:
            return None
        place = QueuePosition(call.tenant_id, call.priority, call.is_batch, call.due_ms * 1000, call.id)
        # A batch's calls keep their places: its holds find them, and a redial does not wait for 90,000 rows.
        return enqueue_due(call, call.queue_position if call.is_batch else place.key, now_ms)

    moved = 0
    for call_id in calls.due_ids(trunk_id, now_ms, DUE_AT_ONCE):
        moved += calls.update(call_id, decide, now_ms) is not None
    return moved
