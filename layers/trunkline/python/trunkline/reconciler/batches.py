"""Begins the work of batches whose flow was not started, or was given up."""

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

_LET_BE_MS = 60_000


@dataclass(frozen=True)
class BatchReconciler:
    """The reconciler's look at batches, once a minute."""

    batches: BatchRepository
    flow: BatchStateMachine
    clock: Clock
    log: Logger

    def walk(self, repairs: Counter[str]) -> None:
        """Start what is to run and does not; one that fails is left to the next pass."""
        for batch in self.batches.unfinished(self.clock.wall_ms() - _LET_BE_MS):
            try:
                if self._mended(batch):
                    repairs["batch_begun_anew"] += 1
            except (BotoCoreError, ClientError, VersionConflict) as error:
                self.log.error("batch not looked after", batch_id=batch.id, cause=type(error).__name__)

    def _mended(self, batch: Batch) -> bool:
        if batch.job is None:
            return False
        if not self.flow.has_failed(batch):
            # It runs, or it never began: then this begins it.
            self.flow.start(batch)
            return False
        now_ms = self.clock.wall_ms()
        again = self.batches.save(replace(batch, runs=batch.runs + 1), [job_started(batch, now_ms)])
        self.flow.start(again)
        return True
