"""Schedule reconciler: synchronises schedules whose change did not reach EventBridge Scheduler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard
from trunkline.reconciler.overdue import OverdueGauge
from trunkline.reconciler.resumable import PassRunner, rotated
from trunkline.schedules.eventbridge_sync import SETTLED_MS, ScheduleSync
from trunkline.storage.keys.item import SK, Item


@dataclass(frozen=True)
class ScheduleReconciler:
    """Synchronises what was changed at least a minute ago; a failure does not stop the others."""

    sync: ScheduleSync
    clock: Clock
    guard: ItemGuard
    overdue: OverdueGauge = field(default_factory=OverdueGauge)

    def reconcile(self, repairs: Counter[str], passes: PassRunner) -> None:
        """Synchronise; `passes` bounds the pass, and goes on where the one before stopped."""
        until_ms = self.clock.wall_ms() - SETTLED_MS

        def pending(after: str) -> Iterator[tuple[str, Item]]:
            found = {str(mark[SK]): mark for mark in self.sync.schedules.pending_sync(until_ms)}
            return ((schedule_id, found[schedule_id]) for schedule_id in rotated(sorted(found), after))

        def synchronise(mark: Item) -> None:
            self.overdue.see(until_ms, mark["at_ms"])
            with self.guard.item("schedule", str(mark[SK])):
                repairs["schedule_mirrored"] += self.sync.sync_marked(mark)

        passes.run("schedules", pending, synchronise)
