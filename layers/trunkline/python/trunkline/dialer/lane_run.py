"""A lane run: one dialer invocation that holds one lane and dials its line (rules 3 to 13)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.dial_queue.lease import HeldLane, LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup, WakeQueue, WakeupNotSent
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.attempt import Stage
from trunkline.dialer.attempt_pool import AttemptPool
from trunkline.dialer.context import DialerContext
from trunkline.dialer.pacer import PaceController, Pacer
from trunkline.dialer.queue_reader import DUE_AT_ONCE, QueueReader, QueueSnapshot, enqueue_due_calls
from trunkline.dialer.simulation_hook import Simulation, SimulationHook
from trunkline.dialer.trunk_guard import TrunkGuard
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


@dataclass(frozen=True)
class RunLimits:
    """Times of a run, in seconds, and how many unanswered dials it may hold."""

    claim_for_s: float = 120
    wind_down_s: float = 5
    handover_wait_s: float = 5
    look_every_s: float = 0.25
    heartbeat_s: float = 3
    watch_cancels_s: float = 0.5
    due_every_s: float = 1
    max_unanswered: int = 400


class Stop(StrEnum):
    EMPTY = "empty"
    TIME_UP = "time_up"
    BLOCKED = "blocked"
    PAUSED = "paused"
    LOST = "lost"


class LaneRun:
    """Holds a trunk's lane while calls wait or dials are unanswered."""

    def __init__(  # noqa: PLR0913 - what a run works with
        self,
        *,
        context: DialerContext,
        lanes: LaneLeaseRepository,
        line: DialQueue,
        trunks: TrunkRepository,
        wakes: WakeQueue,
        limits: RunLimits,
        player: Simulation | None = None,
    ) -> None:
        self._context = context
        self._lanes = lanes
        self._trunks = trunks
        self._wakes = wakes
        self._limits = limits
        self._plays = SimulationHook(context, player)
        self._pace = PaceController(context.timing)
        self._pool = AttemptPool(context, self._pace)
        self._look = QueueReader(context, line, trunks)
        self._guard = TrunkGuard(context, trunks, self._pool.failures)
        self._due_looked_us: int | None = None
        self._lost = False

    async def serve(self, wake: DialWakeup) -> Stop | None:
        """Answer one wake.

        Returns:
            Why the run stopped, or None if another run holds the lane.
        """
        lane = await self._take(wake)
        if lane is None:
            return None
        stop: Stop | None = None
        await self._context.offload(self._lanes.renew_run, self._context.run_id)
        helpers = [
            asyncio.create_task(self._keep_alive()),
            asyncio.create_task(self._watch_cancels(wake.trunk_id)),
        ]
        try:
            while lane:
                stop, lane = await self._hold_once(lane)
        finally:
            self._pool.give_back()
            await self._pool.finish()
            await _end(*helpers)
        await self._context.offload(self._lanes.end_run, self._context.run_id)
        return stop

    async def _take(self, wake: DialWakeup) -> HeldLane | None:
        """A hand-over wake may come before the old run's release has been seen: wait a little."""
        patience_s = self._limits.handover_wait_s if wake.handover else 0
        deadline_us = self._now() + int(patience_s * 1_000_000)
        while True:
            lane = await self._take_once(wake.trunk_id)
            if lane or self._now() >= deadline_us:
                return lane
            await asyncio.sleep(0.1)

    async def _take_once(self, trunk_id: str) -> HeldLane | None:
        lane: HeldLane | None = await self._context.offload(self._lanes.take, trunk_id, self._context.run_id)
        return lane

    async def _hold_once(self, lane: HeldLane) -> tuple[Stop, HeldLane | None]:
        """Work the lane until there is a reason to stop, then let it go; take it again if work came."""
        state = await self._context.offload(self._trunks.state, lane.trunk_id)
        if state is None:
            await self._context.offload(self._lanes.release, lane, lane.time_left_us, lane.pace_factor)
            return Stop.BLOCKED, None
        pacer = Pacer(
            lane=lane,
            state=state,
            context=self._context,
            lanes=self._lanes,
            trunks=self._trunks,
            pace=self._pace,
            ready=self._pool.ready,
            best_ready=self._pool.best_ready,
            on_lost=self._note_lost,
        )
        helpers = [
            asyncio.create_task(pacer.hand_out_starts()),
            asyncio.create_task(pacer.beat(self._limits.heartbeat_s)),
        ]
        self._context.notifier.holds_lane = True
        try:
            stop = await self._work(lane, pacer)
            if stop is Stop.TIME_UP:
                await self._pool.wind_down(self._limits.wind_down_s)
            if stop in (Stop.LOST, Stop.PAUSED):
                await self._pool.wind_down(0)
        finally:
            self._context.notifier.holds_lane = False
            await _end(*helpers)
            await pacer.stop()
        return stop, await self._let_go(lane, pacer, stop)

    async def _work(self, lane: HeldLane, pacer: Pacer) -> Stop:
        stop_at_us = self._now() + int(self._limits.claim_for_s * 1_000_000)
        pool = self._pool
        while True:
            if self._lost:
                return Stop.LOST
            if self._now() >= stop_at_us or pool.count(Stage.RINGING) >= self._limits.max_unanswered:
                return Stop.TIME_UP
            if await self._guard.must_stop(pacer.state):
                return Stop.PAUSED
            await self._let_in_due(lane.trunk_id)
            await self._plays.go_on(lane.trunk_id)
            stop = await self._claim_more(pacer)
            if stop is Stop.EMPTY:
                await self._plays.go_on(lane.trunk_id, fresh=True)
            if stop and not (stop is Stop.EMPTY and self._plays.soon):
                await self._plays.leave(lane.trunk_id)
                return stop
            await pool.wait_for_change(self._limits.look_every_s)

    async def _claim_more(self, pacer: Pacer) -> Stop | None:
        """Look at the line and claim what there is room for; a reason to stop if there is nothing to do."""
        pool = self._pool
        room = pool.room(pacer.state)
        if pool and not room:
            return None
        view = await self._read_line(pacer.state, max(1, room) + pool.count(Stage.CLAIMING))
        if view is None:
            return None
        if not pool and not view.waiting:
            return Stop.EMPTY
        if not pool and (view.blocked or pool.livekit_is_down):
            return Stop.BLOCKED
        pool.claim(view.claimable, lambda: pacer.state, self._look.took)
        return None

    async def _read_line(self, state: TrunkState, limit: int) -> QueueSnapshot | None:
        """Look at the line; a read that fails is tried again at the next look, the dials go on."""
        try:
            return await self._look.look(state, limit, self._pool.has, fresh=not self._pool)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("line not read", trunk_id=state.declared.id, cause=type(error).__name__)
            return None

    async def _let_in_due(self, trunk_id: str) -> None:
        """Let due calls into the line, now and then; what fails is tried again, here or by the reconciler."""
        now_us = self._now()
        if self._due_looked_us and now_us < self._due_looked_us + self._limits.due_every_s * 1_000_000:
            return
        self._due_looked_us = now_us
        now_ms = self._context.clock.wall_ms()
        try:
            moved = await self._context.offload(enqueue_due_calls, self._context.calls, trunk_id, now_ms)
            if moved >= DUE_AT_ONCE:
                # There are more: ten thousand calls may be wished for at nine o'clock sharp.
                self._due_looked_us = None
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("due calls not let in", trunk_id=trunk_id, cause=type(error).__name__)

    async def _let_go(self, lane: HeldLane, pacer: Pacer, stop: Stop) -> HeldLane | None:
        """Rule 13: release, then look once more, because a call, a slot or a resume may have come since."""
        if stop is Stop.LOST:
            return None
        factor = self._pace.factor(self._now())
        await self._context.offload(self._lanes.release, lane, pacer.time_left_us(), factor)
        if stop is Stop.TIME_UP:
            await self._hand_over(lane.trunk_id)
            return None
        if self._pool.livekit_is_down or not await self._has_work(lane.trunk_id):
            return None
        return await self._take_once(lane.trunk_id)

    async def _has_work(self, trunk_id: str) -> bool:
        state = await self._context.offload(self._trunks.state, trunk_id)
        if state is None or state.paused_because(self._context.clock.wall_ms()):
            return False
        self._due_looked_us = None
        await self._let_in_due(trunk_id)
        view = await self._look.look(state, 1, self._pool.has, fresh=True)
        return view.waiting and not view.blocked

    async def _hand_over(self, trunk_id: str) -> None:
        """A wake that can't be sent is not fatal: the reconciler finds the line within a minute."""
        try:
            await self._context.offload(self._wakes.send, DialWakeup(trunk_id, handover=True))
        except WakeupNotSent as error:
            self._context.log.error("hand-over wake not sent", trunk_id=trunk_id, cause=str(error))

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._limits.heartbeat_s)
            try:
                await self._context.offload(self._lanes.renew_run, self._context.run_id)
            except Exception:
                # Tried again at the next beat; the lease says how long that may go on.
                self._context.log.exception("run lease not renewed")

    async def _watch_cancels(self, trunk_id: str) -> None:
        """Rule 14: while dials are unanswered, hang up those whose cancel was asked for, again and again."""
        while True:
            await asyncio.sleep(self._limits.watch_cancels_s)
            if not self._pool.count(Stage.RINGING):
                continue
            try:
                await self._pool.hang_up(
                    await self._context.offload(self._context.calls.cancel_requested_ids, trunk_id)
                )
            except (BotoCoreError, ClientError) as error:
                self._context.log.warning("cancels not read", trunk_id=trunk_id, cause=type(error).__name__)

    def _note_lost(self) -> None:
        self._lost = True
        self._pool.changed.set()

    def _now(self) -> int:
        return self._context.clock.monotonic_us()


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
