"""Pacer of a held lane: reserves starts and grants each to the best call that is ready."""

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
    reservation_size,
    spacing_us,
)
from trunkline.dialer.attempt import Attempt
from trunkline.dialer.context import DialerContext
from trunkline.trunks.models import Trunk, TrunkState
from trunkline.trunks.repository import TrunkRepository

_RETRY_S = 0.1
_RESERVE_AHEAD_US = 100_000


class PaceController:
    """Controls a run's pace by what it measures: "too fast" answers and the latency of starts."""

    def __init__(self, timing: Timing) -> None:
        self._backoff = BackoffFactor()
        self._timing = timing

    def resume(self, factor: float, now_us: int) -> None:
        """Continue at the pace of the previous run."""
        self._backoff = BackoffFactor.resume(factor, now_us)

    def factor(self, now_us: int) -> float:
        """Compute the share of the budget in use now."""
        return self._backoff.at(now_us)

    def slow_down(self, now_us: int) -> None:
        """Slow down, because the carrier refused the pace."""
        self._backoff = self._backoff.slowed(now_us)

    def record_latency(self, took_us: int) -> None:
        """Record how long a reservation or an intent took."""
        self._timing.lead = self._timing.lead.measured(took_us)

    def spacing_us(self, cps: float, now_us: int) -> int:
        return spacing_us(cps * self._backoff.at(now_us))

    def lead_us(self, cps: float) -> int:
        """Compute the lead of an idle lane's first slot: time to reserve and write the intent, with a margin.

        On a fast trunk one slow write costs several slots, so the lead is at least 120 ms there.
        """
        return max(self._timing.lead.us, FAST_LEAD_US if cps >= FAST_CPS else 0)

    def ahead_us(self, cps: float) -> int:
        """Compute how long before its slot a call of a busy lane is granted the start.

        Such a call waits anyway, so a fast trunk leaves time for a write that takes ten times as long.
        """
        return max(self._timing.lead.us, FAST_AHEAD_US if cps >= FAST_CPS else 0)

    @property
    def shortest_lead_us(self) -> int:
        """Return the lead below which a slot is skipped, because the start would be late."""
        return self._timing.lead.mean_us


class Pacer:
    """Reserves and grants the starts of one held lane (rules 4 and 7).

    `ready` is set while `best_ready` would return an attempt. One reservation takes a quarter of a
    second of slots; each is granted only when its lead begins, so that a more urgent call that
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
        if lane.inherits:
            context.starts.inherit()
        self._slots: deque[int] = deque()
        self._reserving: asyncio.Task[None] | None = None

    @property
    def trunk(self) -> Trunk:
        """Return the trunk with the limits in force now."""
        return self.state.trunk

    def time_left_us(self) -> int:
        """Compute the time from now to a successor's first start."""
        now_us = self._now()
        starts_left_us = self._context.starts.successor_not_before_us(now_us, self.trunk.cps) - now_us
        return max(self._clock.time_left_us(now_us), starts_left_us)

    async def grant_starts(self) -> None:
        """Grant starts to ready attempts until cancelled or the lane is lost."""
        while True:
            await self._ready.wait()
            if self._context.starts.is_blocked(self._now(), self.trunk.cps):
                # While LiveKit may hold starts, others are granted one at a time (rule 9).
                await asyncio.sleep(_RETRY_S)
                continue
            try:
                slot_us = await self._next_slot()
            except LaneLost:
                self._on_lost()
                return
            except (BotoCoreError, ClientError) as error:
                # No start was granted; the next try reserves later slots.
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
        """Return the next reserved slot that can still be met; reserve more before they run out."""
        while True:
            if self._reserving and self._reserving.done():
                await self._finish_reserving()
            while self._slots and self._slots[0] < self._now() + self._pace.shortest_lead_us:
                self._slots.popleft()
            if self._reserving is None and self._needs_slots():
                self._reserving = asyncio.create_task(self._reserve())
            if self._slots:
                return self._slots.popleft()
            if self._reserving:
                await self._finish_reserving()

    def _needs_slots(self) -> bool:
        """Tell whether to reserve now: later, the next slot's lead would already have begun."""
        due_us = self._clock.next_start_us - self._pace.ahead_us(self.trunk.cps) - _RESERVE_AHEAD_US
        return not self._slots or self._now() >= due_us

    async def _finish_reserving(self) -> None:
        reserving, self._reserving = self._reserving, None
        if reserving:
            await reserving

    async def _reserve(self) -> None:
        began_us = self._now()
        spacing = self._pace.spacing_us(self.trunk.cps, began_us)
        count = reservation_size(spacing)
        clock = self._clock.no_sooner(self._context.starts.not_before_us(began_us, self.trunk.cps))
        slots, after = clock.reserve(began_us, self._pace.lead_us(self.trunk.cps), spacing, count)
        left_us, factor = after.time_left_us(began_us), self._pace.factor(began_us)
        await self._context.offload(self._lanes.reserve, self._lane, left_us, factor)
        self._clock = after
        self._slots.extend(slots)
        self._pace.record_latency(self._now() - began_us)

    async def stop(self) -> None:
        """Wait for a reservation under way, so that the clock is right when the lane is released."""
        reserving, self._reserving = self._reserving, None
        if reserving:
            await asyncio.gather(reserving, return_exceptions=True)

    async def follow_trunk(self, every_s: float) -> None:
        """Reload the trunk every `every_s` seconds, so that a pause or a lower pace takes effect at once."""
        while True:
            await asyncio.sleep(every_s)
            try:
                state = await self._context.offload(self._trunks.state, self._lane.trunk_id)
                self.state = state or self.state
            except (BotoCoreError, ClientError) as error:
                # The last state read stays in force until the next read.
                cause = type(error).__name__
                self._context.log.warning("trunk not read", trunk_id=self._lane.trunk_id, cause=cause)

    async def heartbeat(self, every_s: float) -> None:
        """Renew the lease every `every_s` seconds until the lane is lost (rule 13)."""
        while True:
            await asyncio.sleep(every_s)
            try:
                gap = self._context.metrics.gap
                await self._context.offload(self._lanes.renew, self._lane, self._slowed_by(), gap)
            except LaneLost:
                self._on_lost()
                return
            except Exception:
                # Retried at the next heartbeat; the fence decides, not this clock.
                self._context.log.exception("lane not renewed", trunk_id=self._lane.trunk_id)

    async def keep_watchdog(self, every_s: float) -> None:
        """Send a watchdog every `every_s` seconds; a slow SQS must not hold up the lease.

        A watchdog that was not sent leaves a dead run's trunk to the reconciler's next minute.
        """
        while True:
            await self._context.offload(self._context.notifier.set_watchdog, self._lane.trunk_id)
            await asyncio.sleep(every_s)

    def _slowed_by(self) -> str | None:
        now_us = self._now()
        if self._context.starts.is_slow(now_us):
            self._context.log.warning("livekit_slow", trunk_id=self._lane.trunk_id)
            return "livekit_slow"
        return "carrier_too_fast" if self._pace.factor(now_us) < 1 else None

    def _now(self) -> int:
        return self._context.clock.monotonic_us()
