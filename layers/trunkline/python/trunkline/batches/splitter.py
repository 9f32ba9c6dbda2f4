"""Splitter of an upload into parts of 500 rows, the first step of a batch's job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trunkline.batches.models import PART_ROWS, Batch, Row, RowFault
from trunkline.batches.row_parser import RowsRefused, read_rows
from trunkline.batches.s3_files import BatchFiles, UploadChanged
from trunkline.call_templates.models import CallKind
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.phone_numbers import canonical_number
from trunkline.core.redaction import shown_value
from trunkline.templating.templates import Template, TemplateError, expressions_in, parse, render

Refusal = Callable[[Row], RowFault | None]
"""Says why a row makes no call, as the import would."""


_REPLACED = "the file was uploaded again while it was read: upload it once, then start the batch"


@dataclass(frozen=True)
class Splitter:
    """Writes a batch's parts; a repeat writes the same."""

    files: BatchFiles
    templates: TemplateCipher
    refusals: Callable[[Batch], Refusal]

    def split(self, batch: Batch) -> tuple[int, int]:
        """Read the upload and write its parts; return the number of rows and of parts.

        The upload is read twice: to know which rows have something in common, and to write them.

        Raises:
            RowsRefused: the upload cannot be parsed, or was replaced between the two.
        """
        try:
            return self._split(batch, self.files.upload_etag(batch.id))
        except UploadChanged as error:
            raise RowsRefused(_REPLACED) from error

    def _split(self, batch: Batch, etag: str) -> tuple[int, int]:
        body = self.templates.reveal(batch)
        wanted, number = wanted_columns(body), number_template(batch.kind, body)

        def rows() -> Iterator[Row]:
            return read_rows(batch.row_format, self.files.upload(batch.id, etag), wanted)

        detector = DuplicateDetector(number, same_numbers=batch.same_numbers, refusal=self.refusals(batch))
        detector.find_repeated(rows())
        count = parts = 0
        shown = (replace(row, phone=_phone(number, row)) for row in rows())
        for parts, part in enumerate(_in_parts(map(detector.mark_duplicate, shown)), 1):
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


Key = tuple[str, str]
"""What no two rows may have in common: `id` or `number`, and its value."""


@dataclass
class DuplicateDetector:
    """Detects duplicate rows, by `id` or by phone number; a refused row makes no other row a duplicate."""

    number: Template | None
    same_numbers: bool
    refusal: Refusal
    _repeated: set[Key] = field(default_factory=set)
    _first: dict[Key, Row] = field(default_factory=dict)

    def find_repeated(self, rows: Iterable[Row]) -> None:
        """Learn what several rows have in common; only those rows cost a look at whether they are refused."""
        seen = set[Key]()
        for row in rows:
            keys = set(self._keys(row))
            self._repeated |= seen & keys
            seen |= keys

    def mark_duplicate(self, row: Row) -> Row:
        """Return the row, with a fault if it is refused or an earlier row has its `id` or number."""
        keys = [key for key in self._keys(row) if key in self._repeated]
        for key in keys:
            if first := self._first.get(key):
                return row.refused(_duplicate(key, first))
        fault = self.refusal(row) if keys else None
        if fault:
            return row.refused(fault)
        self._first |= dict.fromkeys(keys, row)
        return row

    def _keys(self, row: Row) -> Iterator[Key]:
        if row.fault:
            return
        if row.name is not None:
            yield "id", row.name
        number = None if self.same_numbers else _number(self.number, row)
        if number is not None:
            yield "number", number


def _duplicate(key: Key, first: Row) -> RowFault:
    kind, value = key
    where = f"line {first.line}" if first.line else f"row {first.number}"
    return RowFault("duplicate", f"the same {kind} as {where}", shown_value(value))


def _number(template: Template | None, row: Row) -> str | None:
    """Return the one spelling of a row's number; None if it has none: the conversion finds that fault."""
    if row.fault or template is None:
        return None
    try:
        return canonical_number(render(template, {"row": row.values}))
    except TemplateError:
        return None


def _phone(template: Template | None, row: Row) -> str | None:
    number = _number(template, row)
    return shown_value(number) if number is not None else None
