"""A lane run: one dialer invocation that holds one lane and dials its line (rules 3 to 13)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trunkline.dialing.attempt import Attempt, Stage, Workbench
from trunkline.dialing.lane import HeldLane, LaneStore
from trunkline.dialing.line import Line, LineEntry
from trunkline.dialing.pacer import Pace, Pacer
from trunkline.dialing.pacing import preparing_bound, ready_bound
from trunkline.dialing.trunks import TrunkStore
from trunkline.dialing.verdicts import Kind
from trunkline.dialing.wake import Wake, WakeNotSent, WakeQueue

_STEP_ASIDE_US = 1_500_000


@dataclass(frozen=True)
class RunLimits:
    """Times of a run, in seconds, and how many unanswered dials it may hold."""

    claim_for_s: float = 120
    wind_down_s: float = 5
    handover_wait_s: float = 5
    look_every_s: float = 0.25
    heartbeat_s: float = 3
    max_unanswered: int = 400
    max_livekit_failures: int = 3


class Stop(StrEnum):
    EMPTY = "empty"
    TIME_UP = "time_up"
    BLOCKED = "blocked"
    LOST = "lost"


class LaneRun:
    """Holds a trunk's lane while calls wait or dials are unanswered."""

    def __init__(
        self,
        *,
        bench: Workbench,
        lanes: LaneStore,
        line: Line,
        trunks: TrunkStore,
        wakes: WakeQueue,
        limits: RunLimits,
    ) -> None:
        self._bench = bench
        self._lanes = lanes
        self._line = line
        self._trunks = trunks
        self._wakes = wakes
        self._limits = limits
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()
        self._lost = False
        self._pace = Pace()
        self._livekit_failures = 0
        self._hold_claims_until_us = 0
        self.dialled = 0

    async def serve(self, wake: Wake) -> Stop | None:
        """Answer one wake.

        Returns:
            Why the run stopped, or None if another run holds the lane.
        """
        bench = self._bench
        await bench.offload(self._lanes.keep_run_alive, bench.run_id)
        lane = await self._take(wake)
        stop: Stop | None = None
        alive = asyncio.create_task(self._keep_alive())
        try:
            while lane:
                stop, lane = await self._hold_once(lane)
            await self._finish_unanswered()
        finally:
            await _end(alive)
        await bench.offload(self._lanes.end_run, bench.run_id)
        return stop

    async def _take(self, wake: Wake) -> HeldLane | None:
        """A hand-over wake may come before the old run's release has been seen: wait a little."""
        patience_s = self._limits.handover_wait_s if wake.handover else 0
        deadline_us = self._now() + int(patience_s * 1_000_000)
        while True:
            take = self._bench.offload(self._lanes.take, wake.trunk_id, self._bench.run_id)
            lane: HeldLane | None = await take
            if lane or self._now() >= deadline_us:
                return lane
            await asyncio.sleep(0.1)

    async def _hold_once(self, lane: HeldLane) -> tuple[Stop, HeldLane | None]:
        """Work the lane until there is a reason to stop, then let it go; take it again if work came."""
        trunk = await self._bench.offload(self._trunks.load, lane.trunk_id)
        if trunk is None:
            await self._bench.offload(self._lanes.release, lane, 0)
            return Stop.BLOCKED, None
        self._lost = False
        pacer = Pacer(
            lane=lane,
            trunk=trunk,
            bench=self._bench,
            lanes=self._lanes,
            trunks=self._trunks,
            pace=self._pace,
            ready=self._ready,
            best_ready=self._best_ready,
            on_lost=self._note_lost,
        )
        helpers = [
            asyncio.create_task(pacer.hand_out_starts()),
            asyncio.create_task(pacer.beat(self._limits.heartbeat_s)),
        ]
        try:
            stop = await self._work(lane, pacer)
            if stop in (Stop.TIME_UP, Stop.LOST):
                await self._wind_down(dial_ready=stop is Stop.TIME_UP)
        finally:
            await _end(*helpers)
        return stop, await self._let_go(lane, pacer, stop)

    async def _let_go(self, lane: HeldLane, pacer: Pacer, stop: Stop) -> HeldLane | None:
        """Rule 13: release, then look once more, because a call may have come in between."""
        if stop is Stop.LOST:
            return None
        await self._bench.offload(self._lanes.release, lane, pacer.time_left_us())
        if stop is Stop.TIME_UP:
            self._send_handover(lane.trunk_id)
            return None
        if stop is Stop.BLOCKED or not await self._head(lane.trunk_id, 1):
            return None
        again: HeldLane | None = await self._bench.offload(
            self._lanes.take, lane.trunk_id, self._bench.run_id
        )
        return again

    def _send_handover(self, trunk_id: str) -> None:
        """A wake that can't be sent is not fatal: the caretaker finds the line within a minute."""
        try:
            self._wakes.send(Wake(trunk_id, handover=True))
        except WakeNotSent as error:
            self._bench.log.error("hand-over wake not sent", trunk_id=trunk_id, cause=str(error))

    async def _work(self, lane: HeldLane, pacer: Pacer) -> Stop:
        stop_at_us = self._now() + int(self._limits.claim_for_s * 1_000_000)
        while True:
            if self._lost:
                return Stop.LOST
            if self._now() >= stop_at_us or self._count(Stage.RINGING) >= self._limits.max_unanswered:
                return Stop.TIME_UP
            self._changed.clear()
            bound = preparing_bound(pacer.trunk.cps)
            entries = await self._head(lane.trunk_id, bound + self._count(Stage.PREPARING))
            if not entries and not self._attempts:
                return Stop.EMPTY
            if self._livekit_failures >= self._limits.max_livekit_failures and not self._attempts:
                return Stop.BLOCKED
            self._claim(entries, pacer)
            await _wait(self._changed, self._limits.look_every_s)

    def _claim(self, entries: list[LineEntry], pacer: Pacer) -> None:
        """Rule 6: claim the head of the line, within the look-ahead."""
        if self._now() < self._hold_claims_until_us:
            return
        bound = preparing_bound(pacer.trunk.cps)
        for entry in entries:
            if self._preparing() >= bound or self._count(Stage.READY) >= ready_bound(pacer.trunk.cps):
                return
            if entry.call_id in self._attempts:
                continue
            attempt = Attempt(entry, pacer.trunk, self._bench, self._note_change)
            self._attempts[entry.call_id] = attempt
            self._spawn(self._carry_out(attempt))

    def _preparing(self) -> int:
        """Calls that are preparing, without those whose agent takes so long that they stepped aside."""
        recent_us = self._now() - _STEP_ASIDE_US
        return sum(
            1
            for attempt in self._attempts.values()
            if attempt.stage is Stage.PREPARING and attempt.started_us > recent_us
        )

    async def _carry_out(self, attempt: Attempt) -> None:
        try:
            await attempt.run()
        except Exception:
            self._bench.log.exception("attempt failed", call_id=attempt.entry.call_id)
        finally:
            self._attempts.pop(attempt.entry.call_id, None)
            self._learn_from(attempt)
            self._note_change()

    def _learn_from(self, attempt: Attempt) -> None:
        verdict = attempt.verdict
        if attempt.start_took_us:
            self._pace.start_took(attempt.start_took_us)
        if verdict is None:
            return
        self.dialled += verdict.kind is not Kind.NOT_SENT
        if verdict.kind is Kind.TOO_FAST:
            self._pace.too_fast(self._now())
        if verdict.kind is not Kind.NOT_SENT:
            self._livekit_failures = 0
            return
        self._livekit_failures += 1
        self._hold_claims_until_us = self._now() + 1_000_000 * 2**self._livekit_failures

    def _best_ready(self) -> Attempt | None:
        ready = [attempt for attempt in self._attempts.values() if attempt.stage is Stage.READY]
        return min(ready, key=lambda attempt: attempt.entry, default=None)

    def _note_lost(self) -> None:
        self._lost = True
        self._changed.set()

    def _note_change(self) -> None:
        self._changed.set()
        if self._count(Stage.READY):
            self._ready.set()
        else:
            self._ready.clear()

    async def _wind_down(self, *, dial_ready: bool) -> None:
        """Claim no more; dial what is ready if the lane is still mine, return what is not."""
        if dial_ready:
            deadline_us = self._now() + int(self._limits.wind_down_s * 1_000_000)
            while self._unsent() and self._now() < deadline_us:
                self._changed.clear()
                await _wait(self._changed, 0.1)
        for attempt in self._unsent():
            attempt.give_back()
        while self._unsent():
            self._changed.clear()
            await _wait(self._changed, 0.1)

    def _unsent(self) -> list[Attempt]:
        sent = (Stage.RINGING, Stage.DONE)
        return [attempt for attempt in self._attempts.values() if attempt.stage not in sent]

    async def _finish_unanswered(self) -> None:
        """No task outlives the handler: wait for every dial's answer, lane or no lane."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._limits.heartbeat_s)
            try:
                await self._bench.offload(self._lanes.keep_run_alive, self._bench.run_id)
            except Exception:
                self._bench.log.exception("run lease not renewed")

    async def _head(self, trunk_id: str, limit: int) -> list[LineEntry]:
        entries: list[LineEntry] = await self._bench.offload(self._line.head, trunk_id, limit)
        return entries

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _count(self, stage: Stage) -> int:
        return sum(1 for attempt in self._attempts.values() if attempt.stage is stage)

    def _now(self) -> int:
        return self._bench.clock.monotonic_us()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
