"""Hands out a held lane's starts: one reservation at a time, each to the best call that is ready."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.dial_queue.lease import HeldLane, LaneLeaseRepository, LaneLost
from trunkline.dial_queue.pacing import (
    FAST_AHEAD_US,
    FAST_CPS,
    FAST_LEAD_US,
    BackoffFactor,
    PacingClock,
    Timing,
    batch_size,
    spacing_us,
)
from trunkline.dialer.attempt import Attempt
from trunkline.dialer.context import DialerContext
from trunkline.trunks.models import Trunk, TrunkState
from trunkline.trunks.repository import TrunkRepository

_RETRY_S = 0.1
_RESERVE_AHEAD_US = 100_000


class PaceController:
    """What a run has learnt about its pace: the carrier's patience and the time a start takes."""

    def __init__(self, timing: Timing) -> None:
        self._throttle = BackoffFactor()
        self._timing = timing

    def resume(self, factor: float, now_us: int) -> None:
        """Take up the pace of the run before."""
        self._throttle = BackoffFactor.resume(factor, now_us)

    def factor(self, now_us: int) -> float:
        """The share of the budget in use now."""
        return self._throttle.at(now_us)

    def too_fast(self, now_us: int) -> None:
        """The carrier refused the pace: slow down."""
        self._throttle = self._throttle.slowed(now_us)

    def start_took(self, took_us: int) -> None:
        """Note how long a reservation or an intent took."""
        self._timing.lead = self._timing.lead.measured(took_us)

    def spacing_us(self, cps: float, now_us: int) -> int:
        return spacing_us(cps * self._throttle.at(now_us))

    def lead_us(self, cps: float) -> int:
        """How far ahead the first slot of an idle lane is: what reserving and intending take, with a margin.

        On a fast trunk one slow write costs several slots, and a tenth of a second is nobody's wait.
        """
        return max(self._timing.lead.us, FAST_LEAD_US if cps >= FAST_CPS else 0)

    def ahead_us(self, cps: float) -> int:
        """How long before its slot a call of a busy lane is told.

        Such a call waits anyhow, so on a fast trunk there is time for a write that takes ten times as long.
        """
        return max(self._timing.lead.us, FAST_AHEAD_US if cps >= FAST_CPS else 0)

    @property
    def shortest_lead_us(self) -> int:
        """A slot sooner than this can hardly be kept: better the next one."""
        return self._timing.lead.mean_us


class Pacer:
    """Rules 4 and 7 for one held lane.

    `ready` is set while `best_ready` would return an attempt. One reservation takes a quarter of a
    second of slots; each is handed over only when its lead begins, so that a more urgent call that
    becomes ready meanwhile goes first (`docs/adr/0008-slots-are-reserved-in-batches.md`).
    """

    def __init__(  # noqa: PLR0913 - each collaborator is passed in once
        self,
        *,
        lane: HeldLane,
        state: TrunkState,
        context: DialerContext,
        lanes: LaneLeaseRepository,
        trunks: TrunkRepository,
        pace: PaceController,
        ready: asyncio.Event,
        best_ready: Callable[[], Attempt | None],
        on_lost: Callable[[], None],
    ) -> None:
        self.state = state
        self._lane = lane
        self._context = context
        self._lanes = lanes
        self._trunks = trunks
        self._pace = pace
        self._ready = ready
        self._best_ready = best_ready
        self._on_lost = on_lost
        self._clock = PacingClock.resume(lane.time_left_us, lane.taken_at_us)
        pace.resume(lane.pace_factor, lane.taken_at_us)
        self._slots: deque[int] = deque()
        self._reserving: asyncio.Task[None] | None = None

    @property
    def trunk(self) -> Trunk:
        """The trunk with the bounds that hold now."""
        return self.state.trunk

    def time_left_us(self) -> int:
        """How long until this lane's next start, as of now."""
        return self._clock.time_left_us(self._now())

    async def hand_out_starts(self) -> None:
        """Serve ready attempts until cancelled or the lane is lost."""
        while True:
            await self._ready.wait()
            try:
                slot_us = await self._next_slot()
            except LaneLost:
                self._on_lost()
                return
            except (BotoCoreError, ClientError) as error:
                # Nothing was handed out; the next try reserves later slots.
                cause = type(error).__name__
                self._context.log.warning("slot not reserved", trunk_id=self._lane.trunk_id, cause=cause)
                await asyncio.sleep(_RETRY_S)
                continue
            early_us = slot_us - self._pace.ahead_us(self.trunk.cps) - self._now()
            if early_us > 0:
                await asyncio.sleep(early_us / 1_000_000)
            attempt = self._best_ready()
            if attempt is None:
                self._slots.appendleft(slot_us)
                continue
            attempt.grant(slot_us)

    async def _next_slot(self) -> int:
        """The next reserved slot that can still be kept; more are reserved before they run out."""
        while True:
            if self._reserving and self._reserving.done():
                await self._finish_reserving()
            while self._slots and self._slots[0] < self._now() + self._pace.shortest_lead_us:
                self._slots.popleft()
            if self._reserving is None and self._runs_out():
                self._reserving = asyncio.create_task(self._reserve())
            if self._slots:
                return self._slots.popleft()
            if self._reserving:
                await self._finish_reserving()

    def _runs_out(self) -> bool:
        """More slots are needed before the lead of the next one begins, or it would come late."""
        due_us = self._clock.next_start_us - self._pace.ahead_us(self.trunk.cps) - _RESERVE_AHEAD_US
        return not self._slots or self._now() >= due_us

    async def _finish_reserving(self) -> None:
        reserving, self._reserving = self._reserving, None
        if reserving:
            await reserving

    async def _reserve(self) -> None:
        began_us = self._now()
        spacing = self._pace.spacing_us(self.trunk.cps, began_us)
        count = batch_size(spacing)
        slots, after = self._clock.reserve(began_us, self._pace.lead_us(self.trunk.cps), spacing, count)
        left_us, factor = after.time_left_us(began_us), self._pace.factor(began_us)
        await self._context.offload(self._lanes.reserve, self._lane, left_us, factor)
        self._clock = after
        self._slots.extend(slots)
        self._pace.start_took(self._now() - began_us)

    async def stop(self) -> None:
        """Let a reservation that is under way finish, so that the clock is right when the lane is let go."""
        reserving, self._reserving = self._reserving, None
        if reserving:
            await asyncio.gather(reserving, return_exceptions=True)

    async def beat(self, every_s: float) -> None:
        """Renew the lease and take up changes to the trunk until the lane is lost."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self._context.offload(self._lanes.renew, self._lane)
                self.state = (
                    await self._context.offload(self._trunks.state, self._lane.trunk_id) or self.state
                )
            except LaneLost:
                self._on_lost()
                return
            except Exception:
                # Tried again at the next beat; the fence decides, not this clock.
                self._context.log.exception("lane not renewed", trunk_id=self._lane.trunk_id)

    def _now(self) -> int:
        return self._context.clock.monotonic_us()
