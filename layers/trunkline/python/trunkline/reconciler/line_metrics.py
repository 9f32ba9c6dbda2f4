"""Metrics of the calls that wait for a trunk, taken once a minute whether or not a dialer runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from trunkline.calls.queue_position import QueuePosition
from trunkline.core.clock import Clock
from trunkline.core.metrics import CALLS_WAITING, OLDEST_UNSERVED, OLDEST_WAITING, MetricWriter
from trunkline.dial_queue.lease import LaneLeaseRepository, LaneStatus
from trunkline.dial_queue.repository import DialQueue
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


@dataclass(frozen=True)
class LineMetrics:
    """Measures the lines of trunks; `offload` runs a blocking call outside the event loop."""

    queue: DialQueue
    lanes: LaneLeaseRepository
    trunks: TrunkRepository
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    meter: MetricWriter

    async def measure(self, state: TrunkState, waiting: int) -> None:
        """Measure one trunk's line; nothing is read of a line on which no call waits.

        The oldest call is looked for among the first ones of each tenant: calls of a lower priority wait
        behind them on purpose.
        """
        if state.declared.test or not waiting:
            return
        trunk_id, now_ms = state.declared.id, self.clock.wall_ms()
        first: list[QueuePosition] = await self.offload(
            self.queue.peek_tenants, trunk_id, state.tenants, 1, state.active_holds(now_ms)
        )
        self.meter.add(CALLS_WAITING, waiting, trunk_id=trunk_id)
        self.meter.add(OLDEST_WAITING, _age_s(first, now_ms), trunk_id=trunk_id)
        self.meter.add(OLDEST_UNSERVED, await self._unserved_s(state, first, now_ms), trunk_id=trunk_id)

    async def _unserved_s(self, state: TrunkState, first: list[QueuePosition], now_ms: int) -> float:
        """Return for how long a call could have been dialled, and no dialer had the lane.

        Between two runs a lane is free for a moment, however long its calls have waited for their turn.
        """
        lane: LaneStatus = await self.offload(self.lanes.status, state.declared.id)
        if lane.held or state.paused_because(now_ms):
            return 0
        ready = [position for position in first if await self._has_slot(state, position)]
        return min(_age_s(ready, now_ms), max(0, now_ms - lane.free_since_ms) / 1000)

    async def _has_slot(self, state: TrunkState, position: QueuePosition) -> bool:
        limits = state.limits(position.tenant_id, batch=position.batch)
        taken = {pool: await self.offload(self.trunks.slots_taken, pool) for pool in limits}
        return all(taken[pool] < limit for pool, limit in limits.items())


def _age_s(positions: list[QueuePosition], now_ms: int) -> float:
    oldest_us = min((position.arrived_at_us for position in positions), default=now_ms * 1000)
    return max(0, now_ms - oldest_us / 1000) / 1000
