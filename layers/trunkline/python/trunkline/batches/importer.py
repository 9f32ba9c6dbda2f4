"""Import of a part's rows as calls: a few dozen in each transaction, together with the part's progress.

The progress is written conditionally, so that a row is imported once, even after a crash or by two workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from trunkline.batches.forecast import Load
from trunkline.batches.models import PART_ROWS, Batch, Row, RowFault, first_row
from trunkline.batches.repository import BatchRepository, Part, part_writes
from trunkline.batches.row_to_call import TRANSIENT, UNUSABLE, PreparedRow
from trunkline.batches.s3_files import BatchFiles
from trunkline.call_control.quotas import QuotaService
from trunkline.calls.create_items import call_writes
from trunkline.calls.models import Call
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.clock import Clock
from trunkline.core.errors import ConcurrencyExceeded, DailyLimitReached, QueueFull
from trunkline.storage.item_size import MAX_ITEM_BYTES, MAX_TRANSACTION_ACTIONS, MAX_TRANSACTION_BYTES
from trunkline.storage.keys.item import ItemKey
from trunkline.storage.table import Check, ConditionFailed, ConflictRetry, Table, TransactionConflict, Write

GROUP_ROWS = 32
MAX_GROUP_ACTIONS = MAX_TRANSACTION_ACTIONS - 2
"""Two are the part's: its progress and the faults of its rows."""

MAX_GROUP_BYTES = MAX_TRANSACTION_BYTES - MAX_ITEM_BYTES
"""The faults of a part's rows are one item."""

_PATIENCE_S = 240
_WAIT_S = 30
_RETRY = ConflictRetry(max_tries=12, min_wait_s=0.01, max_wait_s=0.2)
_PART = "part"
GIVEN_UP = RowFault("not_imported", "the row could not be imported after several tries")
SUPPRESSED = RowFault("suppressed", "Number is on the suppression list")
_FULL = (QueueFull, ConcurrencyExceeded, DailyLimitReached)


class RowConverterPort(Protocol):
    """Converts rows into calls: `trunkline.batches.row_to_call`."""

    def convert(self, row: Row) -> PreparedRow: ...

    def inspect(self, row: Row) -> PreparedRow: ...


@dataclass(frozen=True)
class Progress:
    """The next step of the state machine: `again`, `wait`, `done` or `pause`; `waits` counts this round's."""

    next: str
    wait_s: int = 0
    waits: int = 0


DONE = Progress("done")


@dataclass(frozen=True)
class Importer:
    """Imports and checks parts. `wake(batch, trunk_id)` wakes a lane; the reconciler repeats a failed one."""

    table: Table
    batches: BatchRepository
    files: BatchFiles
    quotas: QuotaService
    row_converter: Callable[[Batch], RowConverterPort]
    wake: Callable[[Batch, str], None]
    clock: Clock

    def import_part(self, batch: Batch, number: int, *, check: bool) -> Progress:
        """Import or check a part's rows until its end, a limit of the tenant, or `_PATIENCE_S`."""
        rows = self.files.rows(batch.id, number)
        drafter, trunk_ids = self.row_converter(batch), set[str]()
        until_ms = self.clock.wall_ms() + _PATIENCE_S * 1000
        try:
            while group := self._next_group(batch, number, rows, check=check):
                if self.clock.wall_ms() >= until_ms:
                    return Progress("again", 1)
                part, due = group
                drafts = list(_fitting(map(drafter.convert, due)))
                trunk_ids |= {draft.call.trunk_id for draft in drafts if draft.call and not check}
                wait_s = self._write_group(batch, part, drafts, check=check)
                if wait_s is not None:
                    return Progress("wait", wait_s)
        finally:
            for trunk_id in trunk_ids:
                self.wake(batch, trunk_id)
        if not check and rows:
            self.files.delete_rows(batch.id, number)
        return DONE

    def refusals(self, batch: Batch) -> Callable[[Row], RowFault | None]:
        """Return a function that says why a row makes no call, as an import at this moment would."""
        converter = self.row_converter(batch)

        def refusal(row: Row) -> RowFault | None:
            draft = converter.inspect(row)
            return SUPPRESSED if self._is_rejected(draft) else draft.fault

        return refusal

    def refuse_rest(self, batch: Batch, number: int, *, check: bool) -> None:
        """Refuse the rows of a part that could not be imported or checked."""
        last = min(first_row(number) + PART_ROWS - 1, batch.rows or 0)
        known = {row.number: row for row in self.files.rows(batch.id, number)}
        rows = [known.get(n, Row(n, {})) for n in range(first_row(number), last + 1)]
        while group := self._next_group(batch, number, rows, check=check):
            part, due = group
            drafts = [PreparedRow(row, fault=GIVEN_UP) for row in due]
            self._write_transaction(batch, part, drafts, check=check)

    def _next_group(
        self, batch: Batch, number: int, rows: Sequence[Row], *, check: bool
    ) -> tuple[Part, Sequence[Row]] | None:
        """Return the part and its next rows; None at its end or after its cancellation."""
        found = self.batches.parts(batch.id, check=check, row=rows[0].number) if rows else []
        part = found[0] if found else Part(number, first_row(number))
        due = [row for row in rows if row.number >= part.next_row][:GROUP_ROWS]
        return None if part.cancelled or not due else (part, due)

    def _write_group(
        self, batch: Batch, part: Part, drafts: Sequence[PreparedRow], *, check: bool
    ) -> int | None:
        """Write a group without rows with suppressed numbers; return how long to wait at a limit, or None."""
        if check:
            drafts = [draft.refused(SUPPRESSED) if self._is_rejected(draft) else draft for draft in drafts]
            self._write_transaction(batch, part, drafts, check=True)
            return None
        while True:
            let_in, wait_s = self._admitted(drafts)
            try:
                suppressed = self._write_transaction(batch, part, let_in, check=False) if let_in else set()
            except Exception as error:
                if not is_permanent(error) or not any(draft.call for draft in let_in):
                    raise
                # Some row can't be stored. The first half is written, and the loop goes on behind it.
                half = let_in[: len(let_in) // 2]
                drafts = half or [let_in[0].refused(UNUSABLE)]
                continue
            if not suppressed:
                return wait_s
            drafts = [
                draft.refused(SUPPRESSED) if draft.row.number in suppressed else draft for draft in drafts
            ]

    def _admitted(self, drafts: Sequence[PreparedRow]) -> tuple[list[PreparedRow], int | None]:
        """Return the first rows within the tenant's limits, and how long the others wait."""
        let_in: list[PreparedRow] = []
        for draft in drafts:
            try:
                if draft.call:
                    self.quotas.reserve(draft.call)
            except _FULL as full:
                return let_in, max(_WAIT_S, full.retry_after_s or 0)
            let_in.append(draft)
        return let_in, None

    def _write_transaction(
        self, batch: Batch, part: Part, drafts: Sequence[PreparedRow], *, check: bool
    ) -> set[int]:
        """Write a group in one transaction.

        Returns:
            The rows with a suppressed number; then nothing was written. Empty if the group was written, or if
            another worker has written it.
        """
        faults = [draft.row.refused(draft.fault) for draft in drafts if draft.fault]
        accepted = len(drafts) - len(faults)
        next_row = drafts[-1].row.number + 1
        writes: dict[str, Sequence[Write | Check]] = {
            _PART: part_writes(batch, part, next_row, accepted, faults, loads_of(drafts), check=check)
        }
        prepared = [] if check else [draft for draft in drafts if draft.call]
        for draft in prepared:
            writes[f"call {draft.row.number}"] = [*call_writes(draft.required_call), *draft.extra_writes]
        # DynamoDB refuses two actions on one item: rows with the same number share one check.
        checks = {check.key: check for draft in prepared for check in draft.checks}
        writes |= {_check_name(key): [check] for key, check in checks.items()}
        try:
            self.table.transact(writes, _RETRY)
        except Exception as error:
            for draft in prepared:
                self.quotas.release(draft.required_call)
            if not isinstance(error, ConditionFailed):
                raise
            suppressed = {
                draft.row.number
                for draft in prepared
                if any(_check_name(check.key) in error.names for check in draft.checks)
            }
            if not suppressed and _PART not in error.names:
                raise
            return suppressed
        return set()

    def _is_rejected(self, draft: PreparedRow) -> bool:
        """Tell whether a transaction would fail because the row's number is suppressed."""
        if draft.call is None or not draft.checks:
            return False
        keys = [each.key for each in draft.checks]
        now_ms = self.clock.wall_ms()
        return any(item.get("expires_ms", now_ms) >= now_ms for item in self.table.get_all(keys))


def _check_name(key: ItemKey) -> str:
    return f"check {key.pk} {key.sk}"


def is_permanent(error: Exception) -> bool:
    """Tell whether a repeat fails alike: AWS calls the request invalid, or our own code failed."""
    if isinstance(error, ClientError):
        reasons: Any = error.response.get("CancellationReasons", [])
        codes = {error.response["Error"]["Code"], *(reason.get("Code") for reason in reasons)}
        return not codes.isdisjoint({"ValidationException", "ValidationError"})
    transient = (*TRANSIENT, ConditionFailed, TransactionConflict)
    return isinstance(error, ParamValidationError) or not isinstance(error, transient)


def _fitting(drafts: Iterable[PreparedRow]) -> Iterator[PreparedRow]:
    """Yield the first rows that fit into one transaction, by its actions and its bytes; always one."""
    actions, group_bytes = 0, 0
    for count, draft in enumerate(drafts):
        actions += draft.actions
        group_bytes += draft.write_bytes
        if count and (actions > MAX_GROUP_ACTIONS or group_bytes > MAX_GROUP_BYTES):
            return
        yield draft


def loads_of(drafts: Sequence[PreparedRow]) -> Mapping[tuple[str, str], int]:
    """Count the calls by trunk and window."""
    calls: list[Call] = [
        draft.call for draft in drafts if draft.call and draft.call.waits_for is not WaitsFor.ZONE
    ]
    return Counter((call.trunk_id, Load(call.window, 1).key) for call in calls)
