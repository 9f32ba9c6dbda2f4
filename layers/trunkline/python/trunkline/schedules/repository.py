"""Schedules in the table, what EventBridge does not surely know of them, and what came of their moments, for
a month."""

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
    """A tenant's schedules. Who changes one adds `to_be_mirrored` to the transaction."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _SCHEDULES)

    def pending_sync(self, until_ms: int) -> list[Item]:
        """What was changed until a moment, and EventBridge does not surely know of."""
        return [item for item in self._table.partition(pending_sync_key()) if item["at_ms"] <= until_ms]

    def mark_synced(self, pending: Item) -> None:
        """EventBridge knows of what was pending; if it was changed again since, that is another note."""
        with suppress(ConditionFailed):
            self._table.write(Delete(pending_sync_key(pending[SK]), Attr("at_ms").eq(pending["at_ms"])))

    def record(self, run: Run) -> None:
        """Note what came of a moment."""
        self._record_outcome(run.schedule_id, run.at_ms, asdict(run))

    def runs(self, schedule_id: str, limit: int) -> list[Run]:
        """What came of the last moments, newest first."""
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
    """The write that notes, in the transaction of a change, that EventBridge is to hear of it."""
    return Put(pending_sync_key(schedule_id).as_item() | {"at_ms": now_ms})
