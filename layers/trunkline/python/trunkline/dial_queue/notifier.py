"""Sends the wakes that a change of a call makes necessary: a freed slot, a moment to wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aws_lambda_powertools import Logger

from trunkline.calls.models import Call
from trunkline.core.clock import Clock
from trunkline.dial_queue.messages import MAX_DELAY_S, DialWakeup, WakeQueue, WakeupNotSent
from trunkline.trunks.models import is_total


class LaneNotifier:
    """Best effort: a wake that can't be sent, or lies further ahead than SQS delays, the reconciler
    makes up for within a minute. `trunks_of` names a tenant's trunks: a slot that its calls share may be
    any one's."""

    def __init__(
        self,
        wakes: WakeQueue,
        clock: Clock,
        log: Logger,
        trunks_of: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        self._wakes = wakes
        self._clock = clock
        self._log = log
        self._trunks_of = trunks_of
        self.holds_lane = False
        """While a run holds the lane it finds freed slots by itself."""

    def needs_wakeup(self, before: Call, after: Call) -> bool:
        """Say whether a change calls for a wake."""
        return self._freed(before, after) or _freed_total(before, after) or _moved(before, after)

    def notify_change(self, before: Call, after: Call) -> None:
        """Wake the trunk if a slot became free (free first, then wake), or at the call's moment."""
        if self._freed(before, after):
            self.wake(after.trunk_id)
        if _freed_total(before, after):
            for trunk_id in self._trunks_of(after.tenant_id):
                if trunk_id != after.trunk_id:
                    self.wake(trunk_id)
        if after.due_ms and _moved(before, after):
            self.wake_at(after.trunk_id, after.due_ms)

    def _freed(self, before: Call, after: Call) -> bool:
        freed = bool(before.slots) and not after.slots
        return freed and bool(after.trunk_id) and not self.holds_lane

    def wake_at(self, trunk_id: str, moment_ms: int) -> None:
        """Wake the trunk at a moment, if it is at most a quarter of an hour away."""
        delay_s = max(0, -(-(moment_ms - self._clock.wall_ms()) // 1000))
        if delay_s <= MAX_DELAY_S:
            self.wake(trunk_id, delay_s)

    def wake(self, trunk_id: str, delay_s: int = 0) -> None:
        """Wake the trunk."""
        try:
            self._wakes.send(DialWakeup(trunk_id), delay_s)
        except WakeupNotSent as error:
            self._log.warning("wake not sent", trunk_id=trunk_id, cause=str(error))


def _freed_total(before: Call, after: Call) -> bool:
    return not after.slots and any(is_total(pool) for pool in before.slots)


def _moved(before: Call, after: Call) -> bool:
    return after.due_ms is not None and after.due_ms != before.due_ms
