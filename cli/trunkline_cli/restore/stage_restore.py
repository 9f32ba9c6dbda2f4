"""Restore of a stage: stop its dialling, restore its table to an earlier time, and make the new one safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from trunkline.core.clock import SystemClock
from trunkline.core.errors import InvalidRequest
from trunkline.storage.table import Table
from trunkline_cli.operator import Operator, open_operator
from trunkline_cli.restore.protections import Protections
from trunkline_cli.restore.restored_past import RestoredPast
from trunkline_cli.restore.restored_table import TableRestorer, restored_name

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


@dataclass(frozen=True)
class Restored:
    """The table that a stage can adopt. `failures` names what could not be settled: then it must not."""

    table: str
    stream_arn: str
    counts: Mapping[str, int]
    failures: list[str]


@dataclass(frozen=True)
class StageRestore:
    """Restores the stage that has these stack outputs; `report` gets a line for each step."""

    outputs: Mapping[str, str]
    restorer: TableRestorer
    scheduler: EventBridgeSchedulerClient
    report: Callable[[str], None]

    def run(self, to_ms: int | None, target: str | None = None, *, with_keys: bool = True) -> Restored:
        """Restore to a time, or go on with a `target` that is there. It is safe to repeat until adopted.

        Raises:
            InvalidRequest: no time is given for a table that is not there, or the stage uses the target.
            NotFound: the stage's table is gone.
        """
        source = self.outputs["TableName"]
        target = target or restored_name(source, self._required(to_ms))
        if target == source:
            raise InvalidRequest(f"the stage uses table {target} already: its calls go on")
        present = self._stop_dialling(source)
        if not self.restorer.exists(target):
            self.report(f"Restoring {source} to {target}: this takes DynamoDB minutes to hours")
            self.restorer.restore(source, target, self._required(to_ms))
        stream_arn = self.restorer.set_up(source, target)
        self.report("Ending what was open then: it may have been dialled since")
        restored = open_operator({**self.outputs, "TableName": target})
        past = RestoredPast(restored, self._is_mirrored, SystemClock())
        past.settle()
        if present:
            past.counts += Protections(present, restored).take_over(with_keys=with_keys)
        return Restored(target, stream_arn, past.counts, past.failures)

    @staticmethod
    def _required(to_ms: int | None) -> int:
        if to_ms is None:
            raise InvalidRequest("give the time to restore to: --to 2026-11-28T09:30:00Z")
        return to_ms

    def _stop_dialling(self, source: str) -> Table | None:
        """Pause the trunks of the present table, so that nothing is dialled while the stage changes over."""
        if not self.restorer.exists(source):
            return None
        operator: Operator = open_operator(self.outputs)
        self.report("Pausing the trunks: calls that ring or talk go on")
        for state in operator.trunk_states():
            if not state.declared.test:
                operator.set_trunk_paused(state.declared.id, paused=True)
        return operator.table

    def _is_mirrored(self, schedule_id: str) -> bool:
        try:
            found = self.scheduler.get_schedule(GroupName=self.outputs["ScheduleGroupName"], Name=schedule_id)
        except self.scheduler.exceptions.ResourceNotFoundException:
            return False
        return found.get("State") == "ENABLED"


def open_stage_restore(outputs: Mapping[str, str], report: Callable[[str], None]) -> StageRestore:
    """Open the restore of a stage with the AWS credentials of the environment."""
    return StageRestore(outputs, TableRestorer(boto3.client("dynamodb")), boto3.client("scheduler"), report)
