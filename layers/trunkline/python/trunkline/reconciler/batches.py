"""Batch reconciler: starts batch jobs whose execution was never started or has failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.batches.models import Batch
from trunkline.batches.repository import BatchRepository, job_started
from trunkline.batches.state_machine import BatchStateMachine
from trunkline.core.clock import Clock
from trunkline.core.errors import VersionConflict

_GRACE_MS = 60_000


@dataclass(frozen=True)
class BatchReconciler:
    """Checks the batches with unfinished jobs."""

    batches: BatchRepository
    flow: BatchStateMachine
    clock: Clock
    log: Logger

    def reconcile(self, repairs: Counter[str]) -> None:
        """Start the jobs that should run and do not; a failure is left to the next pass."""
        for batch in self.batches.unfinished(self.clock.wall_ms() - _GRACE_MS):
            try:
                if self._restart_if_failed(batch):
                    repairs["batch_begun_anew"] += 1
            except (BotoCoreError, ClientError, VersionConflict) as error:
                self.log.error("batch not reconciled", batch_id=batch.id, cause=type(error).__name__)

    def _restart_if_failed(self, batch: Batch) -> bool:
        if batch.job is None:
            return False
        if not self.flow.has_failed(batch):
            # It runs, or it was never started: then this starts it.
            self.flow.start(batch)
            return False
        now_ms = self.clock.wall_ms()
        restarted = self.batches.save(replace(batch, runs=batch.runs + 1), [job_started(batch, now_ms)])
        self.flow.start(restarted)
        return True
