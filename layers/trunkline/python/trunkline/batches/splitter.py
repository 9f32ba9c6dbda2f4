"""Splitter of an upload into parts of 500 rows, the first step of a batch's job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trunkline.batches.models import PART_ROWS, Batch, Row, RowFault
from trunkline.batches.row_parser import read_rows
from trunkline.batches.s3_files import BatchFiles
from trunkline.call_templates.models import CallKind
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.templating.templates import Template, TemplateError, expressions_in, parse, render


@dataclass(frozen=True)
class Splitter:
    """Splits uploads. Idempotent."""

    files: BatchFiles
    templates: TemplateCipher

    def split(self, batch: Batch) -> tuple[int, int]:
        """Read the upload and write its parts; return the number of rows and of parts.

        Raises:
            RowsRefused: the upload cannot be parsed.
        """
        body = self.templates.reveal(batch)
        rows = read_rows(batch.row_format, self.files.upload(batch.id), wanted_columns(body))
        single = DuplicateDetector(number_template(batch.kind, body), same_numbers=batch.same_numbers)
        count = parts = 0
        for parts, part in enumerate(_in_parts(map(single.mark_duplicate, rows)), 1):
            self.files.put_rows(batch.id, parts, part)
            count += len(part)
        self.files.delete_upload(batch.id)
        return count, parts


def _in_parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == PART_ROWS:
            yield part
            part = []
    if part:
        yield part


def wanted_columns(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that a template requires."""
    found = (expression for _, expression in expressions_in(body, "body"))
    return frozenset(each.path[1] for each in found if len(each.path) > 1 and not each.default)


def number_template(kind: CallKind, body: Mapping[str, Any]) -> Template | None:
    """Return the template of the phone number, or None."""
    holder = body.get("user_context") if kind is CallKind.WORKFLOW else body
    text = (
        holder.get("phone" if kind is CallKind.WORKFLOW else "phoneNumber")
        if isinstance(holder, dict)
        else None
    )
    return parse(text) if isinstance(text, str) else None


@dataclass
class DuplicateDetector:
    """Detects duplicate rows, by `id` or by phone number."""

    number: Template | None
    same_numbers: bool
    _ids: dict[str, int] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def mark_duplicate(self, row: Row) -> Row:
        """Return the row, with a fault if an earlier row has its `id` or number."""
        if row.fault:
            return row
        if row.name is not None:
            first = self._ids.setdefault(row.name, row.number)
            if first != row.number:
                return _again(row, "id", first)
        number = None if self.same_numbers else self._number(row)
        if number is not None:
            first = self._numbers.setdefault(number, row.number)
            if first != row.number:
                return _again(row, "number", first)
        return row

    def _number(self, row: Row) -> str | None:
        """Return the row's number; None if it has none: the conversion finds that fault."""
        if self.number is None or (self.number.whole is None and not list(self.number.expressions)):
            return None
        try:
            return render(self.number, {"row": row.values})
        except TemplateError:
            return None


def _again(row: Row, what: str, first: int) -> Row:
    fault = RowFault("duplicate", f"the same {what} as row {first}")
    return replace(row, values={}, fault=fault)
