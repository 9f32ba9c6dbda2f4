"""The attempts a run has in hand: how many stand where, which goes next, and what they teach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from trunkline.calls.queue_position import QueuePosition
from trunkline.dial_queue.pacing import preparing_target, ready_bound
from trunkline.dialer.attempt import Attempt, Stage
from trunkline.dialer.context import DialerContext
from trunkline.dialer.pacer import PaceController
from trunkline.dialer.trunk_guard import ConsecutiveFailures
from trunkline.livekit.dial_result import DialResultKind
from trunkline.trunks.models import TrunkState

_STEP_ASIDE_US = 1_500_000
_BURST_S = 0.01
_CLAIMS_A_LOOK = 4
_PREPARE_TAKES_S = 0.15
_NOT_READY = (Stage.CLAIMING, Stage.PREPARING)
_MAX_LIVEKIT_FAILURES = 3


class AttemptPool:
    """Starts attempts within the look-ahead and follows them to their verdicts.

    `changed` is set whenever an attempt moves on, `ready` while one waits for a start; `failures` counts
    what the trunk itself did wrong.
    """

    def __init__(self, context: DialerContext, pace: PaceController) -> None:
        self.changed = asyncio.Event()
        self.ready = asyncio.Event()
        self.failures = ConsecutiveFailures()
        self._context = context
        self._pace = pace
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._livekit_failures = 0
        self._hold_claims_until_us = 0
        self._prepare_takes_s = _PREPARE_TAKES_S

    def __bool__(self) -> bool:
        return bool(self._attempts)

    @property
    def livekit_is_down(self) -> bool:
        """LiveKit has refused so often that calls had better wait in the line."""
        return self._livekit_failures >= _MAX_LIVEKIT_FAILURES

    def room(self, state: TrunkState) -> int:
        """Rule 6: how many more calls may be claimed now, within the look-ahead; one that probes a trunk
        which failed goes alone."""
        cps = state.trunk.cps
        if state.breaker:
            return 0 if self._attempts else 1
        if self._now() < self._hold_claims_until_us or self.count(Stage.READY) >= ready_bound(cps):
            return 0
        return max(0, preparing_target(cps, self._prepare_takes_s) - self._preparing())

    def has(self, call_id: str) -> bool:
        """Say whether a call is in hand."""
        return call_id in self._attempts

    def claim(
        self,
        places: Iterable[QueuePosition],
        state: Callable[[], TrunkState],
        took: Callable[[QueuePosition], int],
    ) -> None:
        """Claim from the head of the line while there is room, a few at a look: a burst of them would
        keep the loop from the starts that are due."""
        for place in list(places)[:_CLAIMS_A_LOOK]:
            if not self.room(state()):
                return
            start_took = self._pace.start_took
            self._start(Attempt(place, took(place), state, self._context, self._note_change, start_took))

    def count(self, stage: Stage) -> int:
        """How many attempts stand at a stage."""
        return sum(1 for attempt in self._attempts.values() if attempt.stage is stage)

    def best_ready(self) -> Attempt | None:
        """The ready attempt that is first: by priority, direct before batch, then in order of claiming."""
        ready = [attempt for attempt in self._attempts.values() if attempt.stage is Stage.READY]
        return min(ready, key=lambda attempt: (attempt.place.rank, attempt.turn), default=None)

    async def wind_down(self, dial_for_s: float) -> None:
        """Let unsent attempts dial for a while, then return the rest to the line."""
        deadline_us = self._now() + int(dial_for_s * 1_000_000)
        while self._unsent() and self._now() < deadline_us:
            await self.wait_for_change(0.1)
        self.give_back()
        while self._unsent():
            await self.wait_for_change(0.1)

    def give_back(self) -> None:
        """Ask every attempt that was not sent to return its call to the line."""
        for attempt in self._unsent():
            attempt.give_back()

    async def hang_up(self, call_ids: set[str]) -> None:
        """Hang up those of the calls that are ringing here."""
        mine = [attempt for call_id, attempt in self._attempts.items() if call_id in call_ids]
        await asyncio.gather(*(attempt.hang_up() for attempt in mine))

    async def finish(self) -> None:
        """No task outlives the handler: wait for every attempt, lane or no lane."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def wait_for_change(self, timeout_s: float) -> None:
        """Wait until an attempt has moved on since the last wait, but not for longer than the time-out."""
        try:
            await asyncio.wait_for(self.changed.wait(), timeout_s)
        except TimeoutError:
            return
        # Changes come in bursts: one look at the line serves them all.
        await asyncio.sleep(_BURST_S)
        self.changed.clear()

    def _start(self, attempt: Attempt) -> None:
        self._attempts[attempt.place.call_id] = attempt
        task = asyncio.create_task(self._carry_out(attempt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, attempt: Attempt) -> None:
        try:
            await attempt.run()
        except Exception:
            # One call's failure must not end the lane: the reconciler repairs the call.
            self._context.log.exception(
                "attempt failed", call_id=attempt.place.call_id, tenant_id=attempt.place.tenant_id
            )
        finally:
            self._attempts.pop(attempt.place.call_id, None)
            self._learn_from(attempt)
            self._note_change()

    def _learn_from(self, attempt: Attempt) -> None:
        result = attempt.result
        if attempt.prepare_took_us:
            took_s = min(_STEP_ASIDE_US, attempt.prepare_took_us) / 1_000_000
            self._prepare_takes_s += (took_s - self._prepare_takes_s) / 8
        if result is None:
            return
        self.failures.record(result)
        if result.kind is DialResultKind.TOO_FAST:
            self._pace.too_fast(self._now())
        if result.kind is not DialResultKind.NOT_SENT:
            self._livekit_failures = 0
            return
        self._livekit_failures += 1
        self._hold_claims_until_us = self._now() + 1_000_000 * 2**self._livekit_failures

    def _preparing(self) -> int:
        """Calls that are preparing, without those whose agent takes so long that they stepped aside."""
        recent_us = self._now() - _STEP_ASIDE_US
        return sum(
            1
            for attempt in self._attempts.values()
            if attempt.stage in _NOT_READY and attempt.started_us > recent_us
        )

    def _unsent(self) -> list[Attempt]:
        sent = (Stage.RINGING, Stage.DONE)
        return [attempt for attempt in self._attempts.values() if attempt.stage not in sent]

    def _note_change(self) -> None:
        self.changed.set()
        if self.count(Stage.READY):
            self.ready.set()
        else:
            self.ready.clear()

    def _now(self) -> int:
        return self._context.clock.monotonic_us()
