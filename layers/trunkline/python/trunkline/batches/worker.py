"""Steps of a batch's state machine: begin a job, process a part, end the job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger

from trunkline.batches.canceller import PartCanceller
from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.holds import BatchHoldService
from trunkline.batches.importer import DONE, Importer, Progress, is_permanent
from trunkline.batches.models import Batch, BatchJob, BatchState
from trunkline.batches.repository import BatchRepository, job_ended
from trunkline.batches.results import Results
from trunkline.batches.row_parser import RowsRefused
from trunkline.batches.s3_files import BatchFiles
from trunkline.batches.splitter import Splitter
from trunkline.core.clock import Clock
from trunkline.core.errors import VersionConflict
from trunkline.core.json_text import json_text
from trunkline.core.metrics import BATCH_JOBS, BATCH_JOBS_GIVEN_UP, BATCH_ROWS, MetricWriter

_TRIES = 5
MAX_FAILURES = 3
"""So many executions may fail in a row, each after its own retries; then the job is given up."""

MAX_WAITS = 500
"""So often may a part wait in one execution, whose history ends at 25,000 events: then the job's next round
goes on with it. Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

UNREADABLE = "the rows could not be read"


class NotFinished(Exception):
    """Some rows were not processed: the reconciler starts the job again."""


@dataclass(frozen=True)
class BatchWorker:
    """Runs the steps; each may be repeated or run concurrently."""

    batches: BatchRepository
    files: BatchFiles
    splitter: Splitter
    importer: Importer
    canceller: PartCanceller
    results: Results
    forecasts: ForecastService
    holds: BatchHoldService
    clock: Clock
    log: Logger
    meter: MetricWriter

    def begin(self, batch_id: str, work: BatchJob) -> str:
        """Split the upload if it is not split, and list the parts; return the next step, `parts` or `end`."""
        batch = self._at(batch_id, work)
        if batch is None:
            return "end"
        self.holds.sync(batch)
        if batch.failures >= MAX_FAILURES:
            self._give_up(batch)
            return "end"
        if batch.rows is None and work in (BatchJob.CHECK, BatchJob.IMPORT):
            batch = self._split(batch)
        if batch is None or not batch.parts or work is BatchJob.EXPORT:
            return "end"
        self.files.put_parts(batch.id, work, batch.parts)
        return "parts"

    def part(self, batch_id: str, work: BatchJob, number: int, waits: int = 0) -> Progress:
        """Process one part, which has waited so often in this round."""
        batch = self._at(batch_id, work)
        if batch is None:
            return DONE
        if work is BatchJob.CANCEL:
            self.canceller.cancel_part(batch, number)
            return DONE
        if work is BatchJob.IMPORT and batch.hold(self.clock.wall_ms()):
            # A trunk that was granted since the last part has no hold, and would dial a paused batch.
            self.holds.sync(batch)
        progress = self.importer.import_part(batch, number, check=work is BatchJob.CHECK)
        if progress == DONE:
            return DONE
        return replace(progress, next="pause") if waits >= MAX_WAITS else replace(progress, waits=waits + 1)

    def end(self, batch_id: str, work: BatchJob, *, is_paused: bool = False) -> str:
        """End the job and return `done`, or return `again` if a part waits for its next round.

        Raises:
            NotFinished: some rows were not processed.
        """
        batch = self._at(batch_id, work)
        if batch is None:
            return "done"
        if is_paused:
            return "again"
        self._end(batch, work)
        return "done"

    def _end(self, batch: Batch, work: BatchJob) -> None:
        match work:
            case BatchJob.CHECK | BatchJob.IMPORT:
                self._require_whole(batch, check=work is BatchJob.CHECK)
                self._ended(batch, **self._made(batch, work))
            case BatchJob.CANCEL:
                self._ended(batch, state=BatchState.CANCELLED)
                self.files.delete_all(batch.id)
                self.holds.remove(batch)
            case BatchJob.EXPORT:
                self.files.put_results(batch.id, self.results.as_csv(batch))
                self._ended(batch, exported_at_ms=self.clock.wall_ms(), export_failed=False)

    def _made(self, batch: Batch, work: BatchJob) -> dict[str, Any]:
        if work is BatchJob.IMPORT:
            return {"state": BatchState.RUNNING}
        return {"state": BatchState.CHECKED, "forecast_json": json_text(self.forecasts.forecast(batch))}

    def _at(self, batch_id: str, work: BatchJob) -> Batch | None:
        """Return the batch if the job is still its present one."""
        batch = self.batches.load(batch_id)
        return batch if batch and batch.job is work else None

    def _split(self, batch: Batch) -> Batch | None:
        try:
            rows, parts = self.splitter.split(batch)
        except RowsRefused as refused:
            self.log.info("rows refused", batch_id=batch.id)
            self._refuse(batch, str(refused))
            return None
        except Exception as error:
            if not is_permanent(error):
                raise
            self.log.exception("rows not read", batch_id=batch.id)
            self._refuse(batch, UNREADABLE)
            return None
        return self._saved(batch, lambda now: replace(now, rows=rows, parts=parts))

    def _refuse(self, batch: Batch, reason: str) -> None:
        self._ended(batch, state=BatchState.REFUSED, refused_because=reason)
        self.files.delete_all(batch.id)

    def _give_up(self, batch: Batch) -> None:
        """End a job that failed several times, so that no batch stays as it is without a word.

        What was not imported is refused row by row. A batch that could not be cancelled keeps its holds: no
        call of it is dialled.
        """
        self.meter.add(BATCH_JOBS_GIVEN_UP)
        self.log.error("batch job given up", batch_id=batch.id, failures=batch.failures)
        match batch.job:
            case BatchJob.CHECK | BatchJob.IMPORT if batch.parts is None:
                self._refuse(batch, UNREADABLE)
            case BatchJob.CHECK | BatchJob.IMPORT:
                check = batch.job is BatchJob.CHECK
                for number in range(1, (batch.parts or 0) + 1):
                    self.importer.refuse_rest(batch, number, check=check)
                self._ended(batch, state=BatchState.CHECKED if check else BatchState.RUNNING)
            case BatchJob.CANCEL:
                self._ended(batch, state=BatchState.CANCELLED)
            case _:
                self._ended(batch, export_failed=True)

    def _require_whole(self, batch: Batch, *, check: bool) -> None:
        at = sum(part.accepted + part.refused for part in self.batches.parts(batch.id, check=check))
        if at < (batch.rows or 0):
            raise NotFinished(f"{at} of {batch.rows} rows")

    def _ended(self, batch: Batch, **made: Any) -> None:
        """Store the result of the job; a pause or cancellation in between is kept."""
        work = batch.job
        self._measure(batch)

        def change(now: Batch) -> Batch:
            return replace(now, **made, job=None, failures=0) if now.job is work else now

        self._saved(batch, change, ended=True)

    def _measure(self, batch: Batch) -> None:
        """Count a job that ends, and what became of the rows that it imported."""
        self.meter.add(BATCH_JOBS, work=batch.job)
        if batch.job is not BatchJob.IMPORT:
            return
        parts = list(self.batches.parts(batch.id, check=False))
        self.meter.add(BATCH_ROWS, sum(part.accepted for part in parts), outcome="accepted")
        self.meter.add(BATCH_ROWS, sum(part.refused for part in parts), outcome="refused")

    def _saved(self, batch: Batch, change: Callable[[Batch], Batch], *, ended: bool = False) -> Batch | None:
        for _ in range(_TRIES):
            after = replace(change(batch), updated_at_ms=self.clock.wall_ms())
            try:
                return self.batches.save(after, [job_ended(batch)] if ended and after.job is None else [])
            except VersionConflict:
                found = self.batches.load(batch.id)
                if found is None or found.job is not batch.job:
                    return None
                batch = found
        raise VersionConflict
