"""Batch reconciler: starts batch jobs whose execution was never started or has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trunkline.batches.batch_executions import BatchStateMachine
from trunkline.batches.models import Batch
from trunkline.batches.repository import BatchRepository, job_started
from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard
from trunkline.reconciler.resumable import PassRunner, rotated

_GRACE_MS = 60_000


@dataclass(frozen=True)
class BatchReconciler:
    """Checks the batches with unfinished jobs."""

    batches: BatchRepository
    flow: BatchStateMachine
    clock: Clock
    guard: ItemGuard

    def reconcile(self, repairs: Counter[str], passes: PassRunner) -> None:
        """Start the jobs that should run and do not; a failure is left to the next pass.

        `passes` bounds the pass, and goes on where the one before stopped.
        """
        passes.run("batches", self._unfinished, lambda batch_id: self._restart_guarded(batch_id, repairs))

    def _unfinished(self, after: str) -> Iterator[tuple[str, str]]:
        ids = sorted(self.batches.unfinished_ids(self.clock.wall_ms() - _GRACE_MS))
        return ((batch_id, batch_id) for batch_id in rotated(ids, after))

    def _restart_guarded(self, batch_id: str, repairs: Counter[str]) -> None:
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
