"""Lease of a trunk's lane: the right to dial on it, with a fencing number and the pacing clock.

Rules 3, 4, 7 and 13 of the dial protocol. The lane is written several times a second, so it is kept out of
transactions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from trunkline.core.clock import Clock
from trunkline.dial_queue.answer_gap import NO_GAP, AnswerGap
from trunkline.storage.keys.dialing import lane_key, lane_run_key
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.table import ABSENT, ConditionFailed, Table, Update

LEASE_MS = 4_000
HEARTBEAT_S = 1
"""How often a run renews its leases and its watchdog."""

RUN_LEASE_MS = 15_000
MAX_CLOCK_SKEW_MS = 500
"""Added to a lease's end before it counts as over: the clocks of two machines differ by up to 200 ms."""

WATCHDOG_DELAY_S = 6
"""Delay of a watchdog wake: the lease of a run that died after sending it is over when it arrives.

At least `LEASE_MS`, `MAX_CLOCK_SKEW_MS` and one heartbeat. At most so long that the trunk of a dead run dials
again within ten seconds (rule 13).
"""

_RUN_TTL_S = 24 * 3600


class LaneLost(Exception):
    """Another run holds the lane: the fencing number has changed."""


@dataclass(frozen=True)
class HeldLane:
    """A lane as this run took it.

    `taken_at_us` is this machine's monotonic clock when the take was answered; `time_left_us` counts from
    it to the next start. `pace_factor` is the share of the budget that the previous run used. `dead_run_id`
    is the run whose lease was over when this one took the lane. `has_unconfirmed` says that another run left
    starts that nothing had confirmed. `gap` says since when nobody has answered.
    """

    trunk_id: str
    run_id: str
    fence: int
    time_left_us: int
    taken_at_us: int
    pace_factor: float = 1.0
    dead_run_id: str | None = None
    has_unconfirmed: bool = False
    gap: AnswerGap = NO_GAP

    @property
    def inherits(self) -> bool:
        """Tell whether LiveKit may hold starts of the run before (rule 9)."""
        return self.dead_run_id is not None or self.has_unconfirmed


@dataclass(frozen=True)
class LaneStatus:
    """A lane as read without taking it.

    `free_since_ms` is when it was released or its lease ended; 0 if it was never held.
    """

    held: bool
    pace_factor: float
    slowed_by: str | None = None
    free_since_ms: int = 0


class LaneLeaseRepository:
    """Takes, renews and releases lanes. A run that is unsure of its fence must stop."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def take(self, trunk_id: str, run_id: str) -> HeldLane | None:
        """Take the lane if it is free or its lease is over (rule 3).

        Returns:
            The lane, or None if another run holds it.
        """
        free = ABSENT | Attr("holder").not_exists()
        return self._take_if(free, trunk_id, run_id) or self.take_over(trunk_id, run_id)

    def take_over(self, trunk_id: str, run_id: str) -> HeldLane | None:
        """Take the lane of a run that died: it holds the lane, and its lease is over.

        Returns:
            The lane, or None if it is free or its run is alive.
        """
        item = self._table.get(lane_key(trunk_id)) or {}
        if not self._is_orphaned(item):
            return None
        seen = Attr("fence").eq(item["fence"]) & Attr("lease_end_ms").eq(item["lease_end_ms"])
        lane = self._take_if(seen, trunk_id, run_id)
        return replace(lane, dead_run_id=item["holder"]) if lane else None

    def _take_if(self, condition: ConditionBase, trunk_id: str, run_id: str) -> HeldLane | None:
        """Take the lane under a condition.

        The SDK may repeat a write that succeeded; it then finds this run as holder, which is a success.
        """
        values = {"holder": run_id, **self._lease()}
        try:
            item = self._table.write(
                Update(lane_key(trunk_id), set=values, add={"fence": 1}, condition=condition)
            )
        except ConditionFailed as error:
            if not error.item or error.item.get("holder") != run_id:
                return None
            item = error.item
        return self._held(trunk_id, run_id, item or {})

    def _held(self, trunk_id: str, run_id: str, item: Item) -> HeldLane:
        taken_at_us = self._clock.monotonic_us()
        factor = item.get("pace_factor", 1.0)
        left_us, gap = item.get("time_left_us", 0), AnswerGap.parse(item)
        has_unconfirmed = item.get("unconfirmed_run_id") not in (None, run_id)
        return HeldLane(
            trunk_id,
            run_id,
            item["fence"],
            left_us,
            taken_at_us,
            factor,
            has_unconfirmed=has_unconfirmed,
            gap=gap,
        )

    def renew(self, lane: HeldLane, slowed_by: str | None = None, gap: AnswerGap | None = None) -> None:
        """Renew the lease, and store what slows the lane and since when nobody has answered.

        Raises:
            LaneLost: another run has taken the lane.
        """
        values = {"slowed_by": slowed_by, **self._lease(), **(gap or lane.gap).as_attributes()}
        self._write_if_held(lane, Update(lane_key(lane.trunk_id), set=values))

    def reserve(self, lane: HeldLane, time_left_us: int, pace_factor: float) -> None:
        """Store the pacing clock as of after the reserved slots, and renew the lease (rule 7).

        Raises:
            LaneLost: another run has taken the lane; the slots must not be used.
        """
        values = {"time_left_us": time_left_us, "pace_factor": pace_factor, **self._lease()}
        self._write_if_held(lane, Update(lane_key(lane.trunk_id), set=values))

    def _lease(self) -> dict[str, int]:
        return {"lease_end_ms": self._clock.wall_ms() + LEASE_MS}

    def release(
        self,
        lane: HeldLane,
        time_left_us: int,
        pace_factor: float = 1.0,
        gap: AnswerGap | None = None,
        has_unconfirmed: bool = False,
    ) -> None:
        """Release the lane and store its clock and pace; a repeated release does nothing.

        `has_unconfirmed` tells the next run to look for starts that nothing has confirmed.
        """
        values: dict[str, Any] = {"time_left_us": time_left_us, "pace_factor": pace_factor}
        values |= {"released_at_ms": self._clock.wall_ms(), **(gap or lane.gap).as_attributes()}
        remove = ["holder", "lease_end_ms"]
        if has_unconfirmed:
            values["unconfirmed_run_id"] = lane.run_id
        else:
            remove.append("unconfirmed_run_id")
        update = Update(lane_key(lane.trunk_id), set=values, remove=remove)
        try:
            self._write_if_held(lane, update)
        except LaneLost:
            return

    def _write_if_held(self, lane: HeldLane, update: Update) -> None:
        held = Attr("fence").eq(lane.fence) & Attr("holder").eq(lane.run_id)
        try:
            self._table.write(Update(update.key, update.set, remove=update.remove, condition=held))
        except ConditionFailed as error:
            raise LaneLost(lane.trunk_id) from error

    def status(self, trunk_id: str) -> LaneStatus:
        """Read a lane without taking it."""
        item = self._table.get(lane_key(trunk_id)) or {}
        held = self._is_alive(item)
        slowed_by = item.get("slowed_by") if held else None
        since_ms = item.get("lease_end_ms") or item.get("released_at_ms", 0)
        return LaneStatus(held, item.get("pace_factor", 1.0), slowed_by, since_ms)

    def is_held(self, trunk_id: str) -> bool:
        """Tell whether a live run holds the lane."""
        return self.status(trunk_id).held

    def pace_factor(self, trunk_id: str) -> float:
        """Read the share of the budget in use: below 1 after the carrier said "too fast"."""
        return self.status(trunk_id).pace_factor

    def is_orphaned(self, trunk_id: str) -> bool:
        """Tell whether the lane is held by a run that died: one read."""
        return self._is_orphaned(self._table.get(lane_key(trunk_id)) or {})

    def _is_orphaned(self, item: Item) -> bool:
        return bool(item.get("holder")) and not self._is_alive(item)

    def _is_alive(self, item: Item) -> bool:
        return bool(item.get("lease_end_ms", 0) >= self._clock.wall_ms() - MAX_CLOCK_SKEW_MS)

    def renew_run(self, run_id: str) -> None:
        """Renew the lease of a run's attempts; they may outlive its hold of the lane."""
        now_ms = self._clock.wall_ms()
        values = {"lease_end_ms": now_ms + RUN_LEASE_MS, TTL: now_ms // 1000 + _RUN_TTL_S}
        self._table.write(Update(lane_run_key(run_id), set=values))

    def end_run(self, run_id: str) -> None:
        """End a run's lease at once, so that the reconciler may repair its attempts."""
        self._table.write(Update(lane_run_key(run_id), set={"lease_end_ms": 0}))

    def run_is_alive(self, run_id: str) -> bool:
        """Tell whether the run that owns an attempt still renews its lease."""
        item = self._table.get(lane_run_key(run_id))
        return bool(item) and self._is_alive(item or {})
