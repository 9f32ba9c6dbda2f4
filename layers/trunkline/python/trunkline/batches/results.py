"""Results of a batch's rows, from its parts and its calls."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.batches.models import PART_ROWS, Batch, BatchState, Row, first_row, part_of
from trunkline.batches.repository import BatchRepository, Faults, Part
from trunkline.batches.schemas import BatchRowList, BatchRowView, ResultQuery
from trunkline.calls.attributes import call_from_attributes
from trunkline.calls.models import Call
from trunkline.calls.responses import status_reason
from trunkline.core.csv_writer import harmless_cell
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.core.timestamps import iso_or_none
from trunkline.storage.keys.calls import call_key
from trunkline.storage.table import Table

_AT_ONCE = 100
_SCANNED = 2_000
"""How many rows one page looks at."""

COLUMNS = tuple(BatchRowView.__annotations__)


@dataclass(frozen=True)
class Results:
    """Reads results; of a deleted call only the id is known."""

    table: Table
    batches: BatchRepository

    def rows(self, batch: Batch, first: int) -> Iterator[BatchRowView]:
        """Iterate over the results of the rows from `first` on."""
        for number in range(part_of(first), (batch.parts or 0) + 1):
            start = first_row(number)
            check = batch.is_check_only
            found = self.batches.parts(batch.id, row=start, check=check)
            part = found[0] if found else Part(number, start)
            faults = self.batches.faults(batch.id, number, check=check)
            last = min(start + PART_ROWS - 1, batch.rows or 0)
            for begin in range(max(start, first), last + 1, _AT_ONCE):
                yield from self._some(batch, part, faults, range(begin, min(begin + _AT_ONCE, last + 1)))

    def page(self, batch: Batch, query: ResultQuery) -> BatchRowList:
        """Return the rows that pass the filter, in order; if few pass, the page is short, with a cursor."""
        first = _row_of(query.cursor)
        shown: list[BatchRowView] = []
        last = first - 1
        for row in self.rows(batch, first):
            if len(shown) == query.limit or row["row"] - first >= _SCANNED:
                return {"data": shown, "next_cursor": encode_cursor(str(last + 1))}
            last = row["row"]
            if query.matches(row):
                shown.append(row)
        return {"data": shown, "next_cursor": None}

    def _some(self, batch: Batch, part: Part, faults: Faults, rows: range) -> Iterator[BatchRowView]:
        until = 0 if batch.is_check_only else part.next_row
        called = {row: batch.call_id(row) for row in rows if row < until and row not in faults}
        items = self.table.get_all([call_key(call_id) for call_id in called.values()]) if called else []
        calls = {call.id: call for call in map(call_from_attributes, items)}
        dropped = part.cancelled or batch.state in (BatchState.CANCELLED, BatchState.CANCELLING)
        for row in rows:
            if row in faults:
                yield _refused(faults[row])
            elif row in called:
                yield _called(row, called[row], calls.get(called[row]))
            else:
                yield _row(row, "dropped" if dropped else "waiting")

    def as_csv(self, batch: Batch) -> str:
        """Write all results as CSV."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow(COLUMNS)
        for row in self.rows(batch, 1):
            writer.writerow([harmless_cell(row[column]) for column in COLUMNS])  # type: ignore[literal-required]
        return written.getvalue()


def _row_of(cursor: str | None) -> int:
    return int(decode_cursor(cursor, r"[1-9][0-9]{0,5}")) if cursor else 1


def _row(row: int, status: str) -> BatchRowView:
    return {
        "row": row,
        "file_line": None,
        "id": None,
        "status": status,
        "call_id": None,
        "phone_number": None,
        "reason": None,
        "attempts": 0,
        "answered_at": None,
        "ended_at": None,
        "duration_s": None,
        "error_type": None,
        "error": None,
        "value": None,
    }


def _refused(row: Row) -> BatchRowView:
    shown = _row(row.number, "refused") | {"file_line": row.line, "id": row.name, "phone_number": row.phone}
    if row.fault:
        shown |= {"error_type": row.fault.type, "error": row.fault.message, "value": row.fault.value}
    return shown


def _called(row: int, call_id: str, call: Call | None) -> BatchRowView:
    if call is None or call.batch_row is None:
        return _row(row, "deleted") | {"call_id": call_id}
    return _row(row, call.state.value) | {
        "file_line": call.batch_row.file_line,
        "id": call.batch_row.name,
        "call_id": call_id,
        "phone_number": call.phone_number or None,
        "reason": status_reason(call),
        "attempts": call.attempts_made,
        "answered_at": iso_or_none(call.answered_at_ms),
        "ended_at": iso_or_none(call.ended_at_ms),
        "duration_s": call.duration_s,
    }
