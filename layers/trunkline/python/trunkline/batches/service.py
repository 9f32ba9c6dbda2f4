"""Use cases of batches: create, start, pause, resume, cancel, read, export, delete."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.auth.audit_log import audit_write
from trunkline.auth.principal import Principal
from trunkline.batches.batch_executions import BatchStateMachine
from trunkline.batches.holds import BatchHoldService
from trunkline.batches.models import BATCH_RETENTION_S, Batch, BatchJob, BatchState, RowFormat
from trunkline.batches.repository import BatchRepository, job_started
from trunkline.batches.responses import BatchResponses, export_view, summary_view
from trunkline.batches.results import Results
from trunkline.batches.s3_files import BatchFiles
from trunkline.batches.schemas import (
    BatchList,
    BatchQuery,
    BatchRowList,
    BatchSpec,
    BatchView,
    ExportView,
    ResultQuery,
)
from trunkline.call_templates.create_call import TemplateTargets
from trunkline.call_templates.models import CallKind
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.clock import Clock
from trunkline.core.errors import BatchNotReady, InvalidRequest, LimitReached, NotFound, VersionConflict
from trunkline.core.timestamps import moment_ms
from trunkline.storage.table import Put

MAX_OPEN = 50
MAX_UPLOAD_BYTES = 100 * 1024 * 1024
MAX_JSON_BYTES = 32 * 1024 * 1024
_DAY_MS = 86_400_000
_WEEK_MS, _LONGEST_MS = 7 * _DAY_MS, 14 * _DAY_MS
_ENDS_MESSAGE = "ends_at must be in the future, after starts_at, and at most 14 days ahead"
_STARTS_MESSAGE = "starts_at must be at most 13 days ahead"


@dataclass(frozen=True)
class BatchService:
    """Manages a tenant's batches in the key's mode.

    `require_callable(principal)` raises if no call can be made, and creates the test trunk of a test key.
    """

    batches: BatchRepository
    targets: TemplateTargets
    files: BatchFiles
    templates: TemplateCipher
    state_machine: BatchStateMachine
    holds: BatchHoldService
    responses: BatchResponses
    results: Results
    require_callable: Callable[[Principal], None]
    clock: Clock
    log: Logger

    def create(self, principal: Principal, spec: BatchSpec) -> BatchView:
        """Create a batch; with rows it starts at once, without rows it waits for the upload.

        Raises:
            InvalidRequest: the template or the times are not valid.
            LimitReached: the tenant has too many batches that are not imported.
            LiveKitNotConfigured: the tenant has no LiveKit project.
        """
        self.targets.require_template(principal, CallKind(spec.kind), spec.body)
        self.require_callable(principal)
        self._require_room(principal)
        batch = self._new(principal, spec)
        self._times(batch)
        body = spec.inline_upload()
        if body is not None:
            self.files.put_upload(batch.id, body)
        batch = self.batches.create(batch, [self._noted(principal, "created", batch)])
        return self.responses.to_response(batch if body is None else self._start(batch))

    def get(self, principal: Principal, batch_id: str) -> BatchView:
        """Return a batch with its progress; raise `NotFound` if the tenant has none of that id."""
        batch = self._own(principal, batch_id)
        shown = self.responses.to_response(batch)
        if shown["status"] == BatchState.COMPLETED:
            self._store_completed(batch)
        return shown

    def page(self, principal: Principal, query: BatchQuery) -> BatchList:
        """Return a page of the tenant's batches, newest first."""
        found, cursor = self.batches.page(principal.tenant_mode, query.limit, query.cursor)
        return {"data": [summary_view(self._settled(each)) for each in found], "next_cursor": cursor}

    def start(self, principal: Principal, batch_id: str) -> BatchView:
        """Start a batch after its upload, or after its check.

        Raises:
            NotFound: the tenant has none of that id.
            BatchNotReady: it was started before, or has no upload.
            InvalidRequest: the upload is too large, or the times are not valid.
        """
        batch = self._own(principal, batch_id)
        if batch.state not in (BatchState.AWAITING_UPLOAD, BatchState.CHECKED):
            raise BatchNotReady("Batch was started before")
        if batch.state is BatchState.AWAITING_UPLOAD:
            self._require_upload(batch)
        elif not self.files.has_rows(batch.id):
            raise BatchNotReady("Its rows are not kept for so long: make it anew")
        self.require_callable(principal)
        started = self._start(batch, self._noted(principal, "started", batch))
        return self.responses.to_response(started)

    def pause(self, principal: Principal, batch_id: str, *, paused: bool) -> BatchView:
        """Pause or resume the dialling of waiting calls; ringing and active calls continue.

        Raises:
            NotFound: the tenant has none of that id.
            BatchNotReady: it has ended.
            VersionConflict: another request was quicker.
        """
        batch = self._settled(self._own(principal, batch_id))
        if batch.state in _OVER or (paused and batch.state is BatchState.COMPLETED):
            raise BatchNotReady(f"Batch is {batch.state}")
        if batch.paused is not paused:
            noted = self._noted(principal, "paused" if paused else "resumed", batch)
            batch = self._saved(replace(batch, paused=paused), noted)
        self.holds.sync(batch)
        if not paused:
            self.holds.wake_all(batch)
        return self.responses.to_response(batch)

    def cancel(self, principal: Principal, batch_id: str) -> BatchView:
        """Cancel the calls that do not ring yet and stop the import. A repeat changes nothing.

        Raises:
            NotFound: the tenant has none of that id.
            VersionConflict: another request was quicker.
        """
        batch = self._settled(self._own(principal, batch_id))
        if batch.state in (*_OVER, BatchState.COMPLETED):
            return self.responses.to_response(batch)
        cancelling = replace(batch, state=BatchState.CANCELLING)
        noted = self._noted(principal, "cancelled", batch)
        return self.responses.to_response(self._begun(cancelling, BatchJob.CANCEL, noted))

    def rows(self, principal: Principal, batch_id: str, query: ResultQuery) -> BatchRowList:
        """Return a page of the results of a batch's rows, in order.

        If few rows pass the filter, the page is short and has a cursor to continue.
        """
        return self.results.page(self._own(principal, batch_id), query)

    def export(self, principal: Principal, batch_id: str) -> ExportView:
        """Start an export of the present results as CSV.

        Raises:
            NotFound: the tenant has none of that id.
            BatchNotReady: its rows are being imported, checked or cancelled.
        """
        batch = self._own(principal, batch_id)
        if batch.job is not BatchJob.EXPORT:
            if batch.job is not None or not batch.parts:
                raise BatchNotReady("Batch has no results yet, or is being changed: try again")
            batch = self._begun(batch, BatchJob.EXPORT)
        return export_view(batch, self.files)

    def exported(self, principal: Principal, batch_id: str) -> ExportView:
        """Return the state and the URL of the export."""
        return export_view(self._own(principal, batch_id), self.files)

    def delete(self, principal: Principal, batch_id: str) -> None:
        """Delete a batch and its files; its calls stay.

        Raises:
            NotFound: the tenant has none of that id.
            BatchNotReady: a job runs, or calls have not ended.
        """
        batch = self._settled(self._own(principal, batch_id))
        if batch.job is not None or batch.state is BatchState.RUNNING:
            raise BatchNotReady("Batch has not come to its end: cancel it first")
        self.files.delete_all(batch.id)
        self.holds.remove(batch)
        self.batches.delete(batch, [self._noted(principal, "deleted", batch)])

    def _settled(self, batch: Batch) -> Batch:
        """Return the batch, as completed if all its calls have ended."""
        if batch.state is not BatchState.RUNNING or self.responses.is_open(batch):
            return batch
        return self._store_completed(batch)

    def _store_completed(self, batch: Batch) -> Batch:
        """Store that a batch is completed, so that its calls need not be counted again.

        Failure policy: if another request is changing the batch, a later read stores it.
        """
        completed = replace(batch, state=BatchState.COMPLETED)
        if batch.state is BatchState.COMPLETED:
            return batch
        try:
            return self.batches.save(completed)
        except VersionConflict:
            return completed

    def _new(self, principal: Principal, spec: BatchSpec) -> Batch:
        now_ms, batch_id = self.clock.wall_ms(), f"bat_{uuid.uuid4().hex[:20]}"
        hidden = self.templates.hide(principal.tenant_id, batch_id, spec.body)
        return Batch(
            id=batch_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            name=spec.name,
            kind=CallKind(spec.kind),
            body_json=hidden.body_json,
            user_context=hidden.user_context,
            row_format=RowFormat.JSON if spec.rows is not None else RowFormat(spec.format),
            dry_run=spec.dry_run,
            same_numbers=spec.same_numbers == "call",
            average_call_s=spec.average_call_s,
            starts_at_ms=moment_ms(spec.starts_at) if spec.starts_at else None,
            ends_at_ms=moment_ms(spec.ends_at) if spec.ends_at else None,
            first_us=now_ms * 1000,
            state=BatchState.AWAITING_UPLOAD,
            version=1,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            ttl=now_ms // 1000 + BATCH_RETENTION_S,
        )

    def _start(self, batch: Batch, noted: Put | None = None) -> Batch:
        if batch.dry_run and batch.state is BatchState.AWAITING_UPLOAD:
            return self._begun(replace(batch, state=BatchState.CHECKING), BatchJob.CHECK, noted)
        ends_ms = self._times(batch)
        importing = replace(batch, state=BatchState.IMPORTING, ends_at_ms=ends_ms)
        return self._begun(importing, BatchJob.IMPORT, noted)

    def _times(self, batch: Batch) -> int:
        """Return the deadline of its calls; raise `InvalidRequest` if its times are not valid."""
        now_ms = self.clock.wall_ms()
        starts_ms = max(now_ms, batch.starts_at_ms or 0)
        if starts_ms > now_ms + _LONGEST_MS - _DAY_MS:
            raise InvalidRequest(f"Validation error: {_STARTS_MESSAGE}", field="starts_at")
        ends_ms = batch.ends_at_ms or min(starts_ms + _WEEK_MS, now_ms + _LONGEST_MS)
        if not starts_ms < ends_ms <= now_ms + _LONGEST_MS:
            raise InvalidRequest(f"Validation error: {_ENDS_MESSAGE}", field="ends_at")
        return ends_ms

    def _begun(self, batch: Batch, work: BatchJob, noted: Put | None = None) -> Batch:
        """Store the job and start its execution; if the start fails, the reconciler repeats it."""
        working = replace(batch, job=work, runs=batch.runs + 1, failures=0, export_failed=False)
        after = self._saved(working, *([noted] if noted else []), job_started(batch, self.clock.wall_ms()))
        self.holds.sync(after)
        try:
            self.state_machine.start(after)
        except (BotoCoreError, ClientError) as error:
            self.log.error("batch not started yet", batch_id=batch.id, cause=type(error).__name__)
        return after

    def _saved(self, batch: Batch, *more: Put) -> Batch:
        return self.batches.save(replace(batch, updated_at_ms=self.clock.wall_ms()), more)

    def _require_upload(self, batch: Batch) -> None:
        size = self.files.upload_bytes(batch.id)
        if not size:
            raise BatchNotReady("Nothing is uploaded")
        most = MAX_JSON_BYTES if batch.row_format is RowFormat.JSON else MAX_UPLOAD_BYTES
        if size > most:
            raise InvalidRequest(f"The upload is larger than {most // 1024 // 1024} MB")

    def _require_room(self, principal: Principal) -> None:
        newest, _ = self.batches.page(principal.tenant_mode, MAX_OPEN, None)
        if sum(each.state in _NOT_IMPORTED for each in newest) >= MAX_OPEN:
            raise LimitReached(f"A tenant may have {MAX_OPEN} batches that are not imported")

    def _own(self, principal: Principal, batch_id: str) -> Batch:
        found = self.batches.load(batch_id)
        if found is None or (found.tenant_id, found.livemode) != (principal.tenant_id, principal.livemode):
            raise NotFound("Batch not found")
        return found

    def _noted(self, principal: Principal, what: str, batch: Batch) -> Put:
        return audit_write(principal, self.clock.wall_ms(), f"batch.{what}", batch.id)


_OVER = (BatchState.CANCELLING, BatchState.CANCELLED, BatchState.REFUSED)
_NOT_IMPORTED = (
    BatchState.AWAITING_UPLOAD,
    BatchState.CHECKING,
    BatchState.IMPORTING,
    BatchState.CANCELLING,
)
