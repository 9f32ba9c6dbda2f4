"""Repository of batches, their parts, and the results of their calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from boto3.dynamodb.conditions import Attr, ConditionBase

from trunkline.batches.models import (
    SPAN_US,
    Batch,
    Row,
    batch_from_attributes,
    first_row,
    part_of,
    row_from_json,
)
from trunkline.core.errors import VersionConflict
from trunkline.core.json_text import json_text
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.storage.keys.batches import (
    batch_entry,
    batch_faults_key,
    batch_key,
    batch_outcome_key,
    batch_part_key,
    batch_work_key,
)
from trunkline.storage.keys.item import SK, TTL, Item
from trunkline.storage.newest_page import newest_page
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table, Update, Write
from trunkline.storage.versioned import save_next_version

_TRIES = 60


@dataclass(frozen=True)
class Part:
    """Progress of a part: `next_row` is the first row that is not yet imported or checked."""

    number: int
    next_row: int
    accepted: int = 0
    refused: int = 0
    cancelled: bool = False
    fault_counts: Mapping[str, int] | None = None
    loads: Mapping[tuple[str, str], int] | None = None


Faults = Mapping[int, Row]
"""Refused rows by their number."""


class BatchRepository:
    """Reads and writes batches of all tenants; a part and its counts change in one write."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, batch: Batch, extra_writes: Sequence[Write] = ()) -> Batch:
        """Store a new batch in the next second in which no batch of the tenant began."""
        for ahead in range(_TRIES):
            made = replace(batch, first_us=batch.first_us // SPAN_US * SPAN_US + ahead * SPAN_US)
            entry = batch_entry(batch.tenant_mode, made.first_us // SPAN_US).as_item()
            entry |= {"id": batch.id, TTL: batch.ttl}
            try:
                self._table.transact([Put(entry, ABSENT), Put(_item(made), ABSENT), *extra_writes])
            except ConditionFailed:
                continue
            return made
        raise VersionConflict

    def load(self, batch_id: str) -> Batch | None:
        """Read a batch."""
        item = self._table.get(batch_key(batch_id))
        return batch_from_attributes(item) if item else None

    def save(self, changed: Batch, extra_writes: Sequence[Write] = ()) -> Batch:
        """Store a change to the version that `changed` was made of.

        Raises:
            VersionConflict: another request was quicker.
        """
        return save_next_version(self._table, changed, _item, extra_writes)

    def page(self, tenant_mode: str, limit: int, cursor: str | None) -> tuple[list[Batch], str | None]:
        """Return a page of a tenant's batches, newest first, and the next cursor."""
        first = batch_entry(tenant_mode)
        last = decode_cursor(cursor, r"BATCH#[0-9]{12}") if cursor else f"{first.sk}~"
        entries, more = newest_page(self._table, first, last, limit)
        keys = [batch_key(entry["id"]) for entry in entries]
        found = self._table.get_all(keys) if keys else []
        return [batch_from_attributes(item) for item in found], more and encode_cursor(more)

    def delete(self, batch: Batch, extra_writes: Sequence[Write] = ()) -> None:
        """Delete a batch; the TTL deletes its parts."""
        entry = batch_entry(batch.tenant_mode, batch.first_us // SPAN_US)
        self._table.transact([Delete(batch_key(batch.id)), Delete(entry), *extra_writes])

    def parts(self, batch_id: str, *, check: bool = False, row: int | None = None) -> list[Part]:
        """List the parts that an import or a check has begun, or only the part of a row."""
        number = None if row is None else part_of(row)
        found = self._table.partition(batch_part_key(batch_id, number, check=check))
        return [_part(item) for item in found]

    def faults(self, batch_id: str, number: int, *, check: bool) -> Faults:
        """Return the faults of a part's rows, by row number."""
        found = self._table.partition(batch_faults_key(batch_id, number, check=check))
        rows = (row_from_json(each) for item in found for each in json.loads(item["faults_json"]))
        return {row.number: row for row in rows}

    def outcomes(self, batch_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """Count the calls that have ended, by state and by reason."""
        states: dict[str, int] = {}
        reasons: dict[str, int] = {}
        for item in self._table.partition(batch_outcome_key(batch_id)):
            for name, count in item.items():
                kind, _, value = name.partition(":")
                counts = {"state": states, "reason": reasons}.get(kind)
                if counts is not None and value:
                    counts[value] = counts.get(value, 0) + count
        return states, reasons

    def record_call_end(self, batch_id: str, row: int, state: str, reason: str | None, ttl: int) -> None:
        """Count a call that has ended; a repeat changes nothing."""
        counts = {f"state:{state}": 1} | ({f"reason:{reason}": 1} if reason else {})
        ended = Attr("ended")
        change = Update(
            batch_outcome_key(batch_id, part_of(row)),
            set={TTL: ttl},
            add={**counts, "ended": {row}},
            condition=ended.not_exists() | ~ended.contains(row),
        )
        with suppress(ConditionFailed):
            self._table.write(change)

    def fence(self, batch: Batch, number: int) -> Part:
        """Mark a part as cancelled, so that no worker can import more of its rows."""
        key = batch_part_key(batch.id, number)
        item = self._table.write(Update(key, set={"cancelled": True, TTL: batch.ttl}))
        return _part(item or key.as_item())

    def unfinished_ids(self, until_ms: int) -> Iterator[str]:
        """Iterate over batches with a job that was started by `until_ms` and has not ended."""
        for item in self._table.partition(batch_work_key()):
            if item["at_ms"] <= until_ms:
                yield item["id"]


def job_started(batch: Batch, now_ms: int) -> Put:
    """Build the write that records a started job."""
    return Put(batch_work_key(batch.id).as_item() | {"id": batch.id, "at_ms": now_ms})


def job_ended(batch: Batch) -> Delete:
    """Build the write that records the end of a job."""
    return Delete(batch_work_key(batch.id))


def _item(batch: Batch) -> Item:
    return {**batch_key(batch.id).as_item(), **batch.as_attributes()}


def _part(item: Item) -> Part:
    number = int(item[SK].rpartition("#")[2])
    why, loads = {}, {}
    for name, value in item.items():
        kind, _, rest = name.partition(":")
        if kind == "why" and rest:
            why[rest] = value
        elif kind == "load" and rest:
            trunk_id, _, key = rest.partition("|")
            loads[(trunk_id, key)] = value
    return Part(
        number=number,
        next_row=item.get("next_row", first_row(number)),
        accepted=item.get("accepted", 0),
        refused=item.get("refused", 0),
        cancelled=bool(item.get("cancelled")),
        fault_counts=why,
        loads=loads,
    )


def part_writes(  # noqa: PLR0913 - what a step of a part consists of
    batch: Batch,
    part: Part,
    next_row: int,
    accepted: int,
    refused: Sequence[Row],
    loads: Mapping[tuple[str, str], int],
    *,
    check: bool,
) -> list[Write]:
    """Build the writes that advance a part, for the transaction that stores its rows' calls.

    The first one fails if another worker has advanced the part, or if it was cancelled.
    """
    add: dict[str, int] = {"accepted": accepted, "refused": len(refused)}
    for type_, rows in Counter(row.fault.type for row in refused if row.fault).items():
        add[f"why:{type_}"] = rows
    for (trunk_id, key), calls in loads.items():
        add[f"load:{trunk_id}|{key}"] = calls
    here: ConditionBase = Attr("next_row").eq(part.next_row)
    if part.next_row == first_row(part.number):
        here = here | Attr("next_row").not_exists()
    moved = Update(
        batch_part_key(batch.id, part.number, check=check),
        set={"next_row": next_row, TTL: batch.ttl},
        add=add,
        condition=Attr("cancelled").not_exists() & here,
    )
    if not refused:
        return [moved]
    told = batch_faults_key(batch.id, part.number, part.next_row, check=check).as_item()
    return [
        moved,
        Put({**told, "faults_json": json_text([row.as_json() for row in refused]), TTL: batch.ttl}),
    ]
