"""Lane notifier: wakes trunks after a change of a call freed a slot or moved its due time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aws_lambda_powertools import Logger

from trunkline.calls.models import Call
from trunkline.core.clock import Clock
from trunkline.dial_queue.lease import WATCHDOG_DELAY_S
from trunkline.dial_queue.messages import MAX_DELAY_S, DialWakeup, WakeQueue, WakeupNotSent
from trunkline.trunks.models import is_total


class LaneNotifier:
    """Sends wake-ups, best effort: the reconciler sends within a minute what is missing.

    `trunks_of` lists a tenant's trunks: a freed slot of the tenant's total may serve any of them.
    """

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
        """Set while a run holds the lane: it finds freed slots by itself."""

    def needs_wakeup(self, before: Call, after: Call) -> bool:
        """Tell whether a change requires a wake-up."""
        return self._freed_slot(before, after) or _freed_total(before, after) or _due_changed(before, after)

    def notify_change(self, before: Call, after: Call) -> None:
        """Wake the trunk if a slot became free, and at the call's new due time.

        Call it after the change is stored: free first, then wake (rule 13).
        """
        if self._freed_slot(before, after):
            self.wake(after.trunk_id)
        if _freed_total(before, after):
            for trunk_id in self._trunks_of(after.tenant_id):
                if trunk_id != after.trunk_id:
                    self.wake(trunk_id)
        if after.due_ms and _due_changed(before, after):
            self.wake_at(after.trunk_id, after.due_ms)

    def _freed_slot(self, before: Call, after: Call) -> bool:
        freed = bool(before.slots) and not after.slots
        return freed and bool(after.trunk_id) and not self.holds_lane

    def wake_at(self, trunk_id: str, moment_ms: int) -> None:
        """Wake the trunk at a time, if SQS can delay a message until then."""
        delay_s = max(0, -(-(moment_ms - self._clock.wall_ms()) // 1000))
        if delay_s <= MAX_DELAY_S:
            self.wake(trunk_id, delay_s)

    def wake(self, trunk_id: str, delay_s: int = 0) -> None:
        """Wake the trunk."""
        self._send(DialWakeup(trunk_id), delay_s)

    def hand_over(self, trunk_id: str) -> None:
        """Send the wake-up whose receiver waits for the lane that is being released."""
        self._send(DialWakeup(trunk_id, handover=True))

    def set_watchdog(self, trunk_id: str) -> None:
        """Send the delayed wake-up that finds the lane of a run that has died (rule 13)."""
        self._send(DialWakeup(trunk_id, watchdog=True), WATCHDOG_DELAY_S)

    def _send(self, wake: DialWakeup, delay_s: int = 0) -> None:
        try:
            self._wakes.send(wake, delay_s)
        except WakeupNotSent as error:
            self._log.warning("wake not sent", trunk_id=wake.trunk_id, cause=str(error))


def _freed_total(before: Call, after: Call) -> bool:
    return not after.slots and any(is_total(pool) for pool in before.slots)


def _due_changed(before: Call, after: Call) -> bool:
    return after.due_ms is not None and after.due_ms != before.due_ms
