"""Batch reconciler: starts batch jobs whose execution was never started or has failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from trunkline.batches.batch_executions import BatchStateMachine
from trunkline.batches.models import Batch
from trunkline.batches.repository import BatchRepository, job_started
from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard

_GRACE_MS = 60_000


@dataclass(frozen=True)
class BatchReconciler:
    """Checks the batches with unfinished jobs."""

    batches: BatchRepository
    flow: BatchStateMachine
    clock: Clock
    guard: ItemGuard

    def reconcile(self, repairs: Counter[str]) -> None:
        """Start the jobs that should run and do not; a failure is left to the next pass."""
        for batch_id in self.batches.unfinished_ids(self.clock.wall_ms() - _GRACE_MS):
            with self.guard.item("batch", batch_id):
                batch = self.batches.load(batch_id)
                if batch and self._restart_if_failed(batch):
                    repairs["batch_begun_anew"] += 1

    def _restart_if_failed(self, batch: Batch) -> bool:
        if batch.job is None:
            return False
        if not self.flow.has_failed(batch):
            # It runs, or it was never started: then this starts it.
            self.flow.start(batch)
            return False
        now_ms = self.clock.wall_ms()
        again = replace(batch, runs=batch.runs + 1, failures=batch.failures + 1)
        restarted = self.batches.save(again, [job_started(batch, now_ms)])
        self.flow.start(restarted)
        return True
