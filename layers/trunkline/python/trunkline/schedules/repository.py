"""Schedules in the table, their pending synchronisation, and the outcomes of their runs, for a month."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict

from boto3.dynamodb.conditions import Attr

from trunkline.call_templates.models import EventOutcome
from trunkline.call_templates.repository import AutomationRepository, AutomationType
from trunkline.schedules.models import Run, Schedule, schedule_from_attributes
from trunkline.storage.keys.automations import (
    pending_sync_key,
    schedule_entry,
    schedule_key,
    schedule_run_key,
)
from trunkline.storage.keys.item import SK, Item
from trunkline.storage.table import ConditionFailed, Delete, Put, Table

_RUN_RETENTION_S = 30 * 86_400
_SCHEDULES = AutomationType(
    schedule_key, schedule_entry, schedule_run_key, _RUN_RETENTION_S, schedule_from_attributes
)


class ScheduleRepository(AutomationRepository[Schedule]):
    """A tenant's schedules; every change adds `pending_sync_write` to its transaction."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _SCHEDULES)

    def pending_sync(self, until_ms: int) -> list[Item]:
        """Return the marks of schedules that were changed by `until_ms` and may differ in EventBridge."""
        return [item for item in self._table.partition(pending_sync_key()) if item["at_ms"] <= until_ms]

    def mark_synced(self, pending: Item) -> None:
        """Remove a schedule's mark, unless the schedule was changed again since."""
        with suppress(ConditionFailed):
            self._table.write(Delete(pending_sync_key(pending[SK]), Attr("at_ms").eq(pending["at_ms"])))

    def record(self, run: Run) -> None:
        """Record the outcome of a run."""
        self._record_outcome(run.schedule_id, run.at_ms, asdict(run))

    def runs(self, schedule_id: str, limit: int) -> list[Run]:
        """Return the outcomes of the latest runs, newest first."""
        return [
            Run(
                schedule_id=item["schedule_id"],
                at_ms=item["at_ms"],
                due_ms=item["due_ms"],
                outcome=EventOutcome(item["outcome"]),
                call_id=item.get("call_id"),
                error=item.get("error"),
            )
            for item in self._latest_outcomes(schedule_id, limit)
        ]


def pending_sync_write(schedule_id: str, now_ms: int) -> Put:
    """Return the write that marks a schedule for synchronisation, in the transaction of its change."""
    return Put(pending_sync_key(schedule_id).as_item() | {"at_ms": now_ms})
