"""Schedules in the table, what EventBridge does not surely know of them, and what came of their moments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from boto3.dynamodb.conditions import Attr

from trunkline.errors import ChangedMeanwhile
from trunkline.item_keys import SK, TTL, Item
from trunkline.kept_keys import schedule_entry, schedule_key, schedule_run_key, unmirrored_key
from trunkline.schedules.model import Run, Schedule, schedule_from_attributes
from trunkline.table import ABSENT, ConditionFailed, Delete, Put, Table, Write
from trunkline.triggers.model import Outcome

_RUNS_KEPT_S = 30 * 86_400


class ScheduleStore:
    """A tenant's schedules. A tick knows its schedule alone: each is kept by its own id, and listed with its
    tenant. Every change notes, in its own transaction, that EventBridge is to hear of it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, schedule_id: str) -> Schedule | None:
        """A schedule, whosever it is: for ticks and for the mirror."""
        item = self._table.get(schedule_key(schedule_id))
        return schedule_from_attributes(item) if item else None

    def load(self, space: str, schedule_id: str) -> Schedule | None:
        """A schedule of a tenant's."""
        if self._table.get(schedule_entry(space, schedule_id)) is None:
            return None
        return self.find(schedule_id)

    def all(self, space: str) -> list[Schedule]:
        """A tenant's schedules, by id."""
        ids = [item["id"] for item in self._table.partition(schedule_entry(space))]
        return [found for found in map(self.find, ids) if found]

    def create(self, space: str, schedule: Schedule, more: Sequence[Write] = ()) -> None:
        """Store a new schedule."""
        entry = schedule_entry(space, schedule.id).as_item() | {"id": schedule.id}
        puts = (Put(_item(schedule), ABSENT), Put(entry, ABSENT))
        self._table.transact([*puts, _unmirrored(schedule, schedule.created_at_ms), *more])

    def save(self, changed: Schedule, more: Sequence[Write] = ()) -> Schedule:
        """Store a change to the version that `changed` was made of.

        Raises:
            ChangedMeanwhile: another request was quicker.
        """
        after = replace(changed, version=changed.version + 1)
        put = Put(_item(after), Attr("version").eq(changed.version))
        try:
            self._table.transact([put, _unmirrored(after, after.updated_at_ms), *more])
        except ConditionFailed as error:
            raise ChangedMeanwhile from error
        return after

    def delete(self, space: str, schedule: Schedule, now_ms: int, more: Sequence[Write] = ()) -> None:
        """Delete a schedule."""
        gone = (Delete(schedule_key(schedule.id)), Delete(schedule_entry(space, schedule.id)))
        self._table.transact([*gone, _unmirrored(schedule, now_ms), *more])

    def unmirrored(self, until_ms: int) -> list[Item]:
        """What was changed until a moment, and EventBridge does not surely know of."""
        return [item for item in self._table.partition(unmirrored_key()) if item["at_ms"] <= until_ms]

    def mirrored(self, noted: Item) -> None:
        """EventBridge knows of what was noted; if it was changed again since, that is another note."""
        with suppress(ConditionFailed):
            self._table.write(Delete(unmirrored_key(noted[SK]), Attr("at_ms").eq(noted["at_ms"])))

    def note(self, run: Run) -> None:
        """Note what came of a moment, for a month."""
        item = schedule_run_key(run.schedule_id, run.at_ms, uuid.uuid4().hex[:12]).as_item()
        told = {name: value for name, value in asdict(run).items() if value is not None}
        self._table.write(Put(item | told | {TTL: run.at_ms // 1000 + _RUNS_KEPT_S}))

    def runs(self, schedule_id: str, limit: int) -> list[Run]:
        """What came of the last moments, newest first."""
        return [_run(item) for item in self._table.latest(schedule_run_key(schedule_id), limit=limit)]


def _item(schedule: Schedule) -> Item:
    return schedule_key(schedule.id).as_item() | schedule.as_attributes()


def _unmirrored(schedule: Schedule, now_ms: int) -> Put:
    return Put(unmirrored_key(schedule.id).as_item() | {"at_ms": now_ms})


def _run(item: Item) -> Run:
    return Run(
        schedule_id=item["schedule_id"],
        at_ms=item["at_ms"],
        due_ms=item["due_ms"],
        outcome=Outcome(item["outcome"]),
        call_id=item.get("call_id"),
        error=item.get("error"),
    )
