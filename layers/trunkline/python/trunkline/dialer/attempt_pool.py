"""Attempt pool of a run: starts attempts within the look-ahead and grants starts to the best one ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.queue_position import QueuePosition
from trunkline.core.concurrency import cancel_tasks
from trunkline.core.item_guard import ItemGuard
from trunkline.dial_queue.pacing import preparing_target, ready_bound
from trunkline.dialer.attempt import Attempt, Stage
from trunkline.dialer.context import DialerContext
from trunkline.dialer.pacer import PaceController
from trunkline.dialer.trunk_guard import FailureRow
from trunkline.livekit.dial_result import DialResultKind
from trunkline.trunks.models import TrunkState

_OVERTAKEN_AFTER_US = 1_500_000
_BURST_S = 0.01
_MAX_CLAIMS_PER_LOOK = 4
_PREPARE_TAKES_S = 0.15
_NOT_READY = (Stage.CLAIMING, Stage.PREPARING)
_MAX_LIVEKIT_FAILURES = 3


class AttemptPool:
    """Runs attempts concurrently and learns from their results.

    `changed` is set whenever an attempt changes stage, `ready` while one waits for a start; `failures`
    collects failures of the trunk.
    """

    def __init__(self, context: DialerContext, pace: PaceController) -> None:
        self.changed = asyncio.Event()
        self.ready = asyncio.Event()
        self.failures = FailureRow()
        self._context = context
        self._pace = pace
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._confirming: set[asyncio.Task[None]] = set()
        self._unreadable: set[str] = set()
        self._guard = ItemGuard("dialer", context.log)
        self._livekit_failures = 0
        self._hold_claims_until_us = 0
        self._prepare_takes_s = _PREPARE_TAKES_S

    def __bool__(self) -> bool:
        return bool(self._attempts)

    @property
    def livekit_is_down(self) -> bool:
        """Tell whether LiveKit has failed so often that calls should stay in the queue."""
        return self._livekit_failures >= _MAX_LIVEKIT_FAILURES

    def free_claims(self, state: TrunkState) -> int:
        """Compute how many more calls may be claimed now, within the look-ahead (rule 6).

        While the circuit breaker is half open, one call goes alone as a probe.
        """
        cps = state.trunk.cps
        if state.breaker:
            return 0 if self._attempts else 1
        if self._now() < self._hold_claims_until_us or self.count(Stage.READY) >= ready_bound(cps):
            return 0
        return max(0, preparing_target(cps, self._prepare_takes_s) - self._preparing())

    @property
    def set_aside(self) -> int:
        """Count the calls that stand in the queue and are not claimed again by this run."""
        return len(self._unreadable)

    def has(self, call_id: str) -> bool:
        """Tell whether an attempt of this call is in progress, or failed in a way that nobody foresaw."""
        return call_id in self._attempts or call_id in self._unreadable

    def claim(
        self,
        positions: Iterable[QueuePosition],
        state: Callable[[], TrunkState],
        record_claim: Callable[[QueuePosition], int],
    ) -> None:
        """Claim from the head of the queue within the look-ahead, a few at a time.

        A burst of claims would keep the event loop from the starts that are due.
        """
        for position in list(positions)[:_MAX_CLAIMS_PER_LOOK]:
            if not self.free_claims(state()):
                return
            record_latency = self._pace.record_latency
            self._start(
                Attempt(
                    position,
                    record_claim(position),
                    state,
                    self._context,
                    self._signal_change,
                    record_latency,
                )
            )

    def count(self, stage: Stage) -> int:
        """Count the attempts at a stage."""
        return sum(1 for attempt in self._attempts.values() if attempt.stage is stage)

    def best_ready(self) -> Attempt | None:
        """Choose the next ready attempt: by priority, direct before batch, then in order of claiming."""
        ready = [attempt for attempt in self._attempts.values() if attempt.stage is Stage.READY]
        return min(ready, key=lambda attempt: (attempt.position.rank, attempt.sequence), default=None)

    async def drain(self, dial_for_s: float) -> None:
        """Let unsent attempts dial for `dial_for_s`, then return the rest to the queue."""
        deadline_us = self._now() + int(dial_for_s * 1_000_000)
        while self._unsent() and self._now() < deadline_us:
            await self.wait_for_change(0.1)
        self.release_unsent()
        while self._unsent():
            await self.wait_for_change(0.1)

    def release_unsent(self) -> None:
        """Ask every attempt that was not sent to return its call to the queue."""
        for attempt in self._unsent():
            attempt.release()

    async def hang_up(self, call_ids: set[str]) -> None:
        """Hang up those of the calls that this run is ringing."""
        owned = [attempt for call_id, attempt in self._attempts.items() if call_id in call_ids]
        await asyncio.gather(*(attempt.hang_up() for attempt in owned))

    async def finish(self) -> None:
        """Wait for every attempt, with or without the lane: no task outlives the handler.

        Starts that are still unconfirmed are left to the next run, which looks for them.
        """
        while self._tasks:
            await asyncio.wait(self._tasks)
        await cancel_tasks(*self._confirming)

    async def wait_for_change(self, timeout_s: float) -> None:
        """Wait until an attempt has changed stage since the last wait, or until the time-out."""
        try:
            await asyncio.wait_for(self.changed.wait(), timeout_s)
        except TimeoutError:
            return
        # Changes come in bursts: one read of the queue serves them all.
        await asyncio.sleep(_BURST_S)
        self.changed.clear()

    def _start(self, attempt: Attempt) -> None:
        self._attempts[attempt.position.call_id] = attempt
        _keep(self._tasks, asyncio.create_task(self._run_attempt(attempt)))

    async def _run_attempt(self, attempt: Attempt) -> None:
        call_id = attempt.position.call_id
        try:
            # One call's failure must not end the lane: the reconciler repairs the call.
            with self._guard.item("attempt", call_id):
                await self._run_or_set_aside(attempt)
        finally:
            self._attempts.pop(attempt.position.call_id, None)
            self._observe_result(attempt)
            self._signal_change()
            _keep(self._confirming, asyncio.create_task(attempt.confirm_start()))

    async def _run_or_set_aside(self, attempt: Attempt) -> None:
        """Run an attempt; a call that fails in it, and not by AWS, is not claimed again by this run."""
        try:
            await attempt.run()
        except (BotoCoreError, ClientError):
            raise
        except Exception:
            self._unreadable.add(attempt.position.call_id)
            raise

    def _observe_result(self, attempt: Attempt) -> None:
        result = attempt.result
        if attempt.prepare_took_us:
            took_s = min(_OVERTAKEN_AFTER_US, attempt.prepare_took_us) / 1_000_000
            self._prepare_takes_s += (took_s - self._prepare_takes_s) / 8
        if result is None:
            return
        self.failures.record(result)
        if result.kind is DialResultKind.TOO_FAST:
            self._pace.slow_down(self._now())
        if result.kind is not DialResultKind.NOT_SENT:
            self._livekit_failures = 0
            return
        self._livekit_failures += 1
        self._hold_claims_until_us = self._now() + 1_000_000 * 2**self._livekit_failures

    def _preparing(self) -> int:
        """Count the preparing calls, without those overtaken because their agent takes too long."""
        recent_us = self._now() - _OVERTAKEN_AFTER_US
        return sum(
            1
            for attempt in self._attempts.values()
            if attempt.stage in _NOT_READY and attempt.started_us > recent_us
        )

    def _unsent(self) -> list[Attempt]:
        sent = (Stage.RINGING, Stage.DONE)
        return [attempt for attempt in self._attempts.values() if attempt.stage not in sent]

    def _signal_change(self) -> None:
        self.changed.set()
        if self.count(Stage.READY):
            self.ready.set()
        else:
            self.ready.clear()

    def _now(self) -> int:
        return self._context.clock.monotonic_us()


def _keep(tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    """Keep a task from the garbage collector until it is done."""
    tasks.add(task)
    task.add_done_callback(tasks.discard)
