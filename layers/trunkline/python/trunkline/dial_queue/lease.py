"""The right to dial on one trunk: a lease with a fencing number, and the pacing clock it carries.

Rules 3, 4, 7 and 13 of the dial protocol. The lane is in no transaction: it is hot.
"""

from __future__ import annotations

from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.core.clock import Clock
from trunkline.storage.keys.dialing import lane_key, lane_run_key
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.table import ABSENT, ConditionFailed, Table, Update

LEASE_MS = 10_000
RUN_LEASE_MS = 15_000
MAX_CLOCK_SKEW_MS = 500
"""A lease counts as over only this long after its end: clocks of two machines differ (±200 ms)."""

_RUN_TTL_S = 24 * 3600


class LaneLost(Exception):
    """Another run holds the lane: the fencing number is no longer mine."""


@dataclass(frozen=True)
class HeldLane:
    """A lane as it was taken; `taken_at_us` is this machine's monotonic clock at the take's answer, and
    `pace_factor` the share of the budget that the run before had slowed to."""

    trunk_id: str
    run_id: str
    fence: int
    time_left_us: int
    taken_at_us: int
    pace_factor: float = 1.0


@dataclass(frozen=True)
class LaneStatus:
    """A lane as others see it."""

    held: bool
    pace_factor: float


class LaneLeaseRepository:
    """Takes, renews and releases lanes. Unsure means lost: any doubt about the fence stops the run."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def take(self, trunk_id: str, run_id: str) -> HeldLane | None:
        """Rule 3: take the lane if it is free or its lease is over.

        A repeated write by the SDK finds my own run as holder, and that is a success.
        """
        now_ms = self._clock.wall_ms()
        free = ABSENT | Attr("holder").not_exists() | Attr("lease_end_ms").lt(now_ms - MAX_CLOCK_SKEW_MS)
        take = Update(
            lane_key(trunk_id),
            set={"holder": run_id, "lease_end_ms": now_ms + LEASE_MS},
            add={"fence": 1},
            condition=free,
        )
        try:
            item = self._table.write(take)
        except ConditionFailed as error:
            if not error.item or error.item.get("holder") != run_id:
                return None
            item = error.item
        return self._held(trunk_id, run_id, item or {})

    def _held(self, trunk_id: str, run_id: str, item: Item) -> HeldLane:
        taken_at_us = self._clock.monotonic_us()
        factor = item.get("pace_factor", 1.0)
        return HeldLane(trunk_id, run_id, item["fence"], item.get("time_left_us", 0), taken_at_us, factor)

    def renew(self, lane: HeldLane) -> None:
        """Renew the lease.

        Raises:
            LaneLost: the fence is another's.
        """
        self._if_mine(lane, Update(lane_key(lane.trunk_id), set=self._lease()))

    def reserve(self, lane: HeldLane, time_left_us: int, pace_factor: float) -> None:
        """Write the pacing clock as it is after the slots that are taken, and renew the lease (rule 7).

        Raises:
            LaneLost: the fence is another's; the slot must not be used.
        """
        values = {"time_left_us": time_left_us, "pace_factor": pace_factor, **self._lease()}
        self._if_mine(lane, Update(lane_key(lane.trunk_id), set=values))

    def _lease(self) -> dict[str, int]:
        return {"lease_end_ms": self._clock.wall_ms() + LEASE_MS}

    def release(self, lane: HeldLane, time_left_us: int, pace_factor: float = 1.0) -> None:
        """Give the lane up with its clock and pace; a repeated release finds no holder and is harmless."""
        values = {"time_left_us": time_left_us, "pace_factor": pace_factor}
        update = Update(lane_key(lane.trunk_id), set=values, remove=["holder", "lease_end_ms"])
        try:
            self._if_mine(lane, update)
        except LaneLost:
            return

    def _if_mine(self, lane: HeldLane, update: Update) -> None:
        mine = Attr("fence").eq(lane.fence) & Attr("holder").eq(lane.run_id)
        try:
            self._table.write(Update(update.key, update.set, remove=update.remove, condition=mine))
        except ConditionFailed as error:
            raise LaneLost(lane.trunk_id) from error

    def look(self, trunk_id: str) -> LaneStatus:
        """Look at a lane without taking it."""
        item = self._table.get(lane_key(trunk_id)) or {}
        return LaneStatus(self._alive(item), item.get("pace_factor", 1.0))

    def is_held(self, trunk_id: str) -> bool:
        """Say whether a live run holds the lane."""
        return self.look(trunk_id).held

    def pace_factor(self, trunk_id: str) -> float:
        """The share of the budget that the lane uses, below 1 after the carrier said "too fast"."""
        return self.look(trunk_id).pace_factor

    def _alive(self, item: Item) -> bool:
        return bool(item.get("lease_end_ms", 0) >= self._clock.wall_ms() - MAX_CLOCK_SKEW_MS)

    def renew_run(self, run_id: str) -> None:
        """Renew the lease under which a run's attempts stand, also after it has released its lane."""
        now_ms = self._clock.wall_ms()
        values = {"lease_end_ms": now_ms + RUN_LEASE_MS, TTL: now_ms // 1000 + _RUN_TTL_S}
        self._table.write(Update(lane_run_key(run_id), set=values))

    def end_run(self, run_id: str) -> None:
        """End a run's lease at once: what it left is free for repair."""
        self._table.write(Update(lane_run_key(run_id), set={"lease_end_ms": 0}))

    def run_is_alive(self, run_id: str) -> bool:
        """Say whether the run that owns an attempt still renews its lease."""
        item = self._table.get(lane_run_key(run_id))
        return bool(item) and self._alive(item or {})
