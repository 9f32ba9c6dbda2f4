"""Hands out a held lane's starts: one reservation at a time, each to the best call that is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from trunkline.dialing.attempt import Attempt
from trunkline.dialing.lane import HeldLane, LaneLost, LaneStore
from trunkline.dialing.pacing import Lead, PacingClock, Throttle, spacing_us
from trunkline.dialing.trunks import Trunk, TrunkStore
from trunkline.dialing.workbench import Workbench

_RETRY_S = 0.1


class Pace:
    """What a run has learnt about its pace: the carrier's patience and the time a start takes."""

    def __init__(self) -> None:
        self._throttle = Throttle()
        self._lead = Lead()

    def too_fast(self, now_us: int) -> None:
        """The carrier refused the pace: slow down."""
        self._throttle = self._throttle.slowed(now_us)

    def start_took(self, took_us: int) -> None:
        """Note how long a reservation or an intent took."""
        self._lead = self._lead.measured(took_us)

    def spacing_us(self, cps: float, now_us: int) -> int:
        return spacing_us(cps * self._throttle.at(now_us))

    @property
    def lead_us(self) -> int:
        return self._lead.us


class Pacer:
    """Rules 4 and 7 for one held lane.

    `ready` is set while `best_ready` would return an attempt. The call is chosen after the
    reservation stands, so that a more urgent one that becomes ready meanwhile goes first.
    """

    def __init__(  # noqa: PLR0913 - each collaborator is passed in once
        self,
        *,
        lane: HeldLane,
        trunk: Trunk,
        bench: Workbench,
        lanes: LaneStore,
        trunks: TrunkStore,
        pace: Pace,
        ready: asyncio.Event,
        best_ready: Callable[[], Attempt | None],
        on_lost: Callable[[], None],
    ) -> None:
        self.trunk = trunk
        self._lane = lane
        self._bench = bench
        self._lanes = lanes
        self._trunks = trunks
        self._pace = pace
        self._ready = ready
        self._best_ready = best_ready
        self._on_lost = on_lost
        self._clock = PacingClock.resume(lane.time_left_us, lane.taken_at_us)

    def time_left_us(self) -> int:
        """How long until this lane's next start, as of now."""
        return self._clock.time_left_us(self._now())

    async def hand_out_starts(self) -> None:
        """Serve ready attempts until cancelled or the lane is lost."""
        while True:
            await self._ready.wait()
            before_lead_us = self._clock.next_start_us - self._pace.lead_us - self._now()
            if before_lead_us > 0:
                await asyncio.sleep(before_lead_us / 1_000_000)
                continue
            try:
                slot_us = await self._reserve()
            except LaneLost:
                self._on_lost()
                return
            except Exception:
                self._bench.log.exception("slot not reserved", trunk_id=self.trunk.id)
                await asyncio.sleep(_RETRY_S)
                continue
            attempt = self._best_ready()
            if attempt and slot_us > self._now():
                attempt.grant(slot_us)

    async def _reserve(self) -> int:
        began_us = self._now()
        spacing = self._pace.spacing_us(self.trunk.cps, began_us)
        slot_us, after = self._clock.reserve(began_us, self._pace.lead_us, spacing)
        await self._bench.offload(self._lanes.renew, self._lane, after.time_left_us(began_us))
        self._clock = after
        self._pace.start_took(self._now() - began_us)
        return slot_us

    async def beat(self, every_s: float) -> None:
        """Renew the lease and take up changes to the trunk until the lane is lost."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self._bench.offload(self._lanes.renew, self._lane)
                self.trunk = await self._bench.offload(self._trunks.load, self.trunk.id) or self.trunk
            except LaneLost:
                self._on_lost()
                return
            except Exception:
                self._bench.log.exception("lane not renewed", trunk_id=self.trunk.id)

    def _now(self) -> int:
        return self._bench.clock.monotonic_us()
