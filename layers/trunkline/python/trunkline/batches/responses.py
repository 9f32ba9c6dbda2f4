"""Responses for batches: status, progress, forecast."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.models import Batch, BatchJob, BatchState
from trunkline.batches.repository import BatchRepository, Part
from trunkline.batches.s3_files import LINK_S, BatchFiles
from trunkline.batches.schemas import BatchProgress, BatchSummary, BatchUpload, BatchView, ExportView
from trunkline.call_templates.shown_body import shown_body
from trunkline.core.clock import Clock
from trunkline.core.timestamps import iso_from_ms, iso_or_none


@dataclass(frozen=True)
class BatchResponses:
    """Builds responses; a batch of 100,000 rows takes a query for its parts and one for its outcomes."""

    batches: BatchRepository
    files: BatchFiles
    forecasts: ForecastService
    clock: Clock

    def to_response(self, batch: Batch) -> BatchView:
        """Show a batch."""
        parts = self.batches.parts(batch.id, check=batch.is_check_only)
        progress = self._progress(batch, parts)
        return {
            "id": batch.id,
            "version": batch.version,
            "name": batch.name,
            "kind": batch.kind.value,
            "body": shown_body(batch),
            "format": batch.row_format.value,
            "status": _status(batch, progress),
            "paused": batch.paused,
            "dry_run": batch.dry_run,
            "same_numbers": "call" if batch.same_numbers else "refuse",
            "starts_at": iso_or_none(batch.starts_at_ms),
            "ends_at": iso_or_none(batch.ends_at_ms),
            "average_call_s": batch.average_call_s,
            "refused_because": batch.refused_because,
            "upload": self._upload(batch),
            "progress": progress,
            "forecast": json.loads(batch.forecast_json) if batch.forecast_json else None,
            "eta": self._eta(batch, parts, progress),
            "livemode": batch.livemode,
            "created_at": iso_from_ms(batch.created_at_ms),
            "updated_at": iso_from_ms(batch.updated_at_ms),
        }

    def is_open(self, batch: Batch) -> bool:
        """Tell whether calls of the batch have not ended."""
        parts = self.batches.parts(batch.id, check=batch.is_check_only)
        return _status(batch, self._progress(batch, parts)) == "running"

    def _progress(self, batch: Batch, parts: Sequence[Part]) -> BatchProgress:
        states, reasons = ({}, {}) if batch.is_check_only else self.batches.outcomes(batch.id)
        accepted, refused = sum(each.accepted for each in parts), sum(each.refused for each in parts)
        why: Counter[str] = Counter()
        for part in parts:
            why.update(part.fault_counts or {})
        return {
            "rows": batch.rows,
            "accepted": accepted,
            "refused": refused,
            "waiting": None if batch.rows is None else batch.rows - accepted - refused,
            "ended": sum(states.values()),
            "outcomes": states,
            "reasons": [{"reason": name, "calls": count} for name, count in _sorted(reasons)],
            "refusals": [{"type": name, "rows": count} for name, count in _sorted(why)],
        }

    def _upload(self, batch: Batch) -> BatchUpload | None:
        if batch.state is not BatchState.AWAITING_UPLOAD:
            return None
        expires = iso_from_ms(self.clock.wall_ms() + LINK_S * 1000)
        return {"method": "PUT", "url": self.files.upload_url(batch.id), "expires_at": expires}

    def _eta(self, batch: Batch, parts: Sequence[Part], progress: BatchProgress) -> str | None:
        accepted, left = progress["accepted"], progress["accepted"] - progress["ended"]
        goes_on = batch.state in (BatchState.IMPORTING, BatchState.RUNNING)
        if batch.paused or not goes_on or left <= 0:
            return None
        return self.forecasts.eta(batch, parts, left / accepted)


def _status(batch: Batch, progress: BatchProgress) -> str:
    """Return the stored state; a running batch whose calls have all ended is `completed`."""
    if batch.state is BatchState.RUNNING and progress["ended"] >= progress["accepted"]:
        return BatchState.COMPLETED.value
    return batch.state.value


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def summary_view(batch: Batch) -> BatchSummary:
    """Show a batch in a list, with its stored state."""
    return {
        "id": batch.id,
        "name": batch.name,
        "status": batch.state.value,
        "paused": batch.paused,
        "dry_run": batch.dry_run,
        "rows": batch.rows,
        "livemode": batch.livemode,
        "created_at": iso_from_ms(batch.created_at_ms),
    }


def export_view(batch: Batch, files: BatchFiles) -> ExportView:
    """Show where a batch's results are."""
    if batch.job is BatchJob.EXPORT:
        return {"status": "preparing", "exported_at": None, "url": None}
    if batch.export_failed:
        return {"status": "failed", "exported_at": None, "url": None}
    if batch.exported_at_ms is None or not files.has_results(batch.id):
        return {"status": "none", "exported_at": None, "url": None}
    exported_at = iso_from_ms(batch.exported_at_ms)
    return {"status": "ready", "exported_at": exported_at, "url": files.results_url(batch.id)}
