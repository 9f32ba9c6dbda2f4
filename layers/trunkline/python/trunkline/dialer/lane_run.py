"""Lane run: one dialer invocation that holds one lane and dials its queue (rules 3 to 13)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.concurrency import cancel_tasks
from trunkline.core.item_guard import ItemGuard
from trunkline.dial_queue.lease import HEARTBEAT_S, HeldLane, LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.attempt import Stage
from trunkline.dialer.attempt_pool import AttemptPool
from trunkline.dialer.context import DialerContext
from trunkline.dialer.orphaned_claims import close_rooms, confirm_inherited, inherit_calls
from trunkline.dialer.pacer import PaceController, Pacer
from trunkline.dialer.queue_reader import MAX_DUE_PER_LOOK, QueueReader, QueueSnapshot, enqueue_due_calls
from trunkline.dialer.simulation_hook import Simulation, SimulationHook
from trunkline.dialer.trunk_guard import TrunkGuard
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


@dataclass(frozen=True)
class RunLimits:
    """Durations of a run in seconds, and the maximum number of unanswered dials."""

    claim_for_s: float = 120
    drain_s: float = 5
    handover_wait_s: float = 5
    poll_s: float = 0.25
    heartbeat_s: float = HEARTBEAT_S
    cancel_poll_s: float = 0.5
    due_poll_s: float = 1
    max_unanswered: int = 400


class StopReason(StrEnum):
    EMPTY = "empty"
    TIME_UP = "time_up"
    BLOCKED = "blocked"
    PAUSED = "paused"
    REFUSED = "livekit_refused"
    NOT_CONFIGURED = "livekit_not_configured"
    LOST = "lost"


class LaneRun:
    """Holds a trunk's lane while calls wait or dials are unanswered."""

    def __init__(
        self,
        *,
        context: DialerContext,
        lanes: LaneLeaseRepository,
        queue: DialQueue,
        trunks: TrunkRepository,
        limits: RunLimits,
        simulation: Simulation | None = None,
    ) -> None:
        self._context = context
        self._lanes = lanes
        self._trunks = trunks
        self._limits = limits
        self._simulation = SimulationHook(context, simulation)
        self._pace = PaceController(context.timing)
        self._pool = AttemptPool(context, self._pace)
        self._reader = QueueReader(context, queue, trunks)
        self._guard = TrunkGuard(context, trunks, self._pool.failures)
        self._due_read_us: int | None = None
        self._lost = False
        self._stop_at_us = 0
        self._due_guard = ItemGuard("dialer", context.log)
        self._inheriting: list[asyncio.Task[None]] = []

    async def serve(self, wake: DialWakeup) -> StopReason | None:
        """Serve one wake-up.

        Returns:
            The reason why the run stopped, or None if another run holds the lane.
        """
        lane = await self._take(wake)
        if lane is None:
            return None
        stop: StopReason | None = None
        self._stop_at_us = self._now() + int(self._limits.claim_for_s * 1_000_000)
        await self._context.offload(self._lanes.renew_run, self._context.run_id)
        helpers = [
            asyncio.create_task(self._keep_alive()),
            asyncio.create_task(self._watch_cancels(wake.trunk_id)),
            asyncio.create_task(self._context.metrics.write_regularly(self._context.offload)),
        ]
        try:
            while lane:
                stop, lane = await self._hold_once(lane)
        finally:
            self._pool.release_unsent()
            await self._pool.finish()
            await cancel_tasks(*helpers, *self._inheriting)
            self._context.metrics.write()
        await self._context.offload(self._lanes.end_run, self._context.run_id)
        return stop

    async def _take(self, wake: DialWakeup) -> HeldLane | None:
        """Take the lane; after a hand-over, wait until the previous run's release is visible."""
        patience_s = self._limits.handover_wait_s if wake.handover else 0
        deadline_us = self._now() + int(patience_s * 1_000_000)
        while True:
            lane = await self._take_once(wake)
            if lane or self._now() >= deadline_us:
                return lane
            await asyncio.sleep(0.1)

    async def _take_once(self, wake: DialWakeup) -> HeldLane | None:
        take = self._lanes.take_over if wake.watchdog else self._lanes.take
        lane: HeldLane | None = await self._context.offload(take, wake.trunk_id, self._context.run_id)
        if lane:
            self._context.metrics.resume(lane.gap)
        return lane

    async def _hold_once(self, lane: HeldLane) -> tuple[StopReason, HeldLane | None]:
        """Work the lane until a reason to stop, then release it.

        Returns:
            The reason, and the lane if it was taken again because of new work.
        """
        state = await self._context.offload(self._trunks.state, lane.trunk_id)
        if state is None:
            time_left_us, factor = lane.time_left_us, lane.pace_factor
            await self._context.offload(
                self._lanes.release, lane, time_left_us, factor, lane.gap, lane.inherits
            )
            return StopReason.BLOCKED, None
        pacer = Pacer(
            lane=lane,
            state=state,
            context=self._context,
            lanes=self._lanes,
            trunks=self._trunks,
            pace=self._pace,
            ready=self._pool.ready,
            best_ready=self._pool.best_ready,
            on_lost=self._on_lease_lost,
        )
        helpers = [
            asyncio.create_task(pacer.grant_starts()),
            asyncio.create_task(pacer.heartbeat(self._limits.heartbeat_s)),
            asyncio.create_task(pacer.keep_watchdog(self._limits.heartbeat_s)),
            asyncio.create_task(pacer.follow_trunk(self._limits.poll_s)),
        ]
        self._context.notifier.holds_lane = True
        try:
            # Before the first look at the line: it may be empty but for what the dead run had prepared.
            calls = await inherit_calls(self._context, lane)
            helpers.append(asyncio.create_task(close_rooms(self._context, calls.returned)))
            # It outlives this hold of the lane: the run may take it again.
            self._inheriting.append(asyncio.create_task(confirm_inherited(self._context, lane, calls)))
            stop = await self._work(lane, pacer)
            if stop is StopReason.TIME_UP:
                await self._pool.drain(self._limits.drain_s)
            if stop in (StopReason.LOST, StopReason.PAUSED, StopReason.REFUSED):
                await self._pool.drain(0)
            await self._wait_for_confirmations(pacer)
        finally:
            self._context.notifier.holds_lane = False
            await cancel_tasks(*helpers)
            await pacer.stop()
            await self._guard.store(pacer.state)
        return stop, await self._release_lease(lane, pacer, stop)

    async def _wait_for_confirmations(self, pacer: Pacer) -> None:
        """Keep the lane while LiveKit may hold starts that leave a successor none (rules 9 and 13)."""
        while not self._lost and not self._context.starts.may_hand_over(self._now(), pacer.trunk.cps):
            await self._pool.wait_for_change(self._limits.poll_s)

    async def _work(self, lane: HeldLane, pacer: Pacer) -> StopReason:
        while True:
            if self._lost:
                return StopReason.LOST
            if self._is_time_up() or self._pool.count(Stage.RINGING) >= self._limits.max_unanswered:
                return StopReason.TIME_UP
            if await self._guard.must_stop(pacer.state):
                return StopReason.REFUSED if self._guard.is_refused else StopReason.PAUSED
            await self._enqueue_due(lane.trunk_id)
            await self._simulation.advance(lane.trunk_id)
            stop = await self._claim_next(pacer)
            if stop is StopReason.EMPTY:
                await self._simulation.advance(lane.trunk_id, fresh=True)
            if stop and not (stop is StopReason.EMPTY and self._simulation.is_due_soon):
                await self._simulation.schedule_wakeup(lane.trunk_id)
                return stop
            await self._pool.wait_for_change(self._limits.poll_s)

    async def _claim_next(self, pacer: Pacer) -> StopReason | None:
        """Read the queue and claim within the look-ahead; return why to stop if nothing is to do."""
        pool = self._pool
        free = pool.free_claims(pacer.state)
        if pool and not free:
            return None
        taken = pool.count(Stage.CLAIMING) + pool.set_aside
        snapshot = await self._read_line(pacer.state, max(1, free) + taken)
        if snapshot is None:
            return None
        self._context.metrics.look(pacer.state, waiting=snapshot.waiting and not snapshot.blocked)
        if not pool and not snapshot.waiting:
            return StopReason.EMPTY
        if not pool and (snapshot.blocked or pool.livekit_is_down):
            return StopReason.BLOCKED
        pool.claim(snapshot.claimable, lambda: pacer.state, self._reader.record_claim)
        return None

    async def _read_line(self, state: TrunkState, limit: int) -> QueueSnapshot | None:
        """Read the queue; a failed read is retried at the next poll, and the dials go on."""
        try:
            return await self._reader.read(state, limit, self._pool.has, fresh=not self._pool)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("line not read", trunk_id=state.declared.id, cause=type(error).__name__)
            return None

    async def _enqueue_due(self, trunk_id: str) -> None:
        """Move due calls into the queue once per `due_poll_s`; a failure is retried at the next poll."""
        now_us = self._now()
        if self._due_read_us and now_us < self._due_read_us + self._limits.due_poll_s * 1_000_000:
            return
        self._due_read_us = now_us
        now_ms = self._context.clock.wall_ms()
        try:
            moved = await self._context.offload(
                enqueue_due_calls, self._context.calls, trunk_id, now_ms, self._due_guard
            )
            if moved >= MAX_DUE_PER_LOOK:
                # More are due: ten thousand calls may be scheduled for nine o'clock sharp.
                self._due_read_us = None
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("due calls not let in", trunk_id=trunk_id, cause=type(error).__name__)

    async def _release_lease(self, lane: HeldLane, pacer: Pacer, stop: StopReason) -> HeldLane | None:
        """Release the lane, then look once more and take it again if there is new work (rule 13)."""
        if stop is StopReason.LOST:
            return None
        factor = self._pace.factor(self._now())
        gap, unconfirmed = self._context.metrics.gap, self._context.starts.has_unconfirmed
        await self._context.offload(self._lanes.release, lane, pacer.time_left_us(), factor, gap, unconfirmed)
        if stop is not StopReason.TIME_UP:
            if self._pool.livekit_is_down or not await self._has_work(lane.trunk_id):
                return None
            if not self._is_time_up():
                return await self._take_once(DialWakeup(lane.trunk_id))
        self._context.metrics.handed_over()
        await self._context.offload(self._context.notifier.hand_over, lane.trunk_id)
        return None

    async def _has_work(self, trunk_id: str) -> bool:
        state = await self._context.offload(self._trunks.state, trunk_id)
        if state is None or state.paused_because(self._context.clock.wall_ms()):
            return False
        self._due_read_us = None
        await self._enqueue_due(trunk_id)
        snapshot = await self._reader.read(state, 1 + self._pool.set_aside, self._pool.has, fresh=True)
        return snapshot.waiting and not snapshot.blocked

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._limits.heartbeat_s)
            try:
                await self._context.offload(self._lanes.renew_run, self._context.run_id)
            except Exception:
                # Retried at the next heartbeat, until the lease ends.
                self._context.log.exception("run lease not renewed")

    async def _watch_cancels(self, trunk_id: str) -> None:
        """Hang up unanswered dials whose cancel was requested, repeatedly until they end (rule 14)."""
        while True:
            await asyncio.sleep(self._limits.cancel_poll_s)
            if not self._pool.count(Stage.RINGING):
                continue
            try:
                await self._pool.hang_up(
                    await self._context.offload(self._context.calls.cancel_requested_ids, trunk_id)
                )
            except (BotoCoreError, ClientError) as error:
                self._context.log.warning("cancels not read", trunk_id=trunk_id, cause=type(error).__name__)

    def _is_time_up(self) -> bool:
        return self._now() >= self._stop_at_us

    def _on_lease_lost(self) -> None:
        self._lost = True
        self._pool.changed.set()

    def _now(self) -> int:
        return self._context.clock.monotonic_us()
