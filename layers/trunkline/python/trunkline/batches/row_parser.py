"""Parser of rows from CSV, NDJSON and JSON. Pure: chunks of a file in, rows out, one at a time.

A bad row is reported with its number and line and does not affect the others; an error that affects every
row, such as a missing column, rejects the whole batch.
Source: `csv_reader` (CSV), https://github.com/ndjson/ndjson-spec.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from trunkline.batches.models import MAX_ROWS, Row, RowFault, RowFormat
from trunkline.core.csv_reader import MAX_ROW_BYTES, CsvRow, read_csv
from trunkline.core.errors import InvalidRequest
from trunkline.core.field_names import MAX_SHOWN_NAME
from trunkline.core.json_text import parse_json, repeated_name
from trunkline.core.redaction import shown_value
from trunkline.core.text_lines import read_lines

MAX_NAME = 100
MAX_COLUMNS = 1000


class RowsRefused(Exception):
    """The upload cannot be parsed; the message may be shown."""


def read_rows(row_format: RowFormat, chunks: Iterable[bytes], wanted: Set[str]) -> Iterator[Row]:
    """Read all rows, numbered from 1; `wanted` are the columns that the template requires.

    Raises:
        RowsRefused: there are none or too many, or the upload does not have this format.
    """
    reader = {RowFormat.CSV: _csv, RowFormat.NDJSON: _ndjson, RowFormat.JSON: _json}[row_format]
    number = 0
    try:
        for number, parsed in enumerate(reader(chunks, wanted), 1):
            if number > MAX_ROWS:
                raise RowsRefused(f"there are more than {MAX_ROWS} rows")
            yield _row(number, parsed)
    except InvalidRequest as error:
        raise RowsRefused(error.message) from error
    if number == 0:
        raise RowsRefused("there are no rows")


@dataclass(frozen=True)
class _Parsed:
    """The values of a row or its fault, and its line in the file. In CSV, an empty `id` is none."""

    values: Mapping[str, Any]
    fault: RowFault | None = None
    line: int | None = None
    is_csv: bool = False


def _row(number: int, parsed: _Parsed) -> Row:
    if parsed.fault:
        return Row(number, {}, None, parsed.fault, parsed.line)
    name = parsed.values.get("id")
    if name is None or (name == "" and parsed.is_csv):
        return Row(number, parsed.values, None, None, parsed.line)
    text = str(name) if isinstance(name, str | int) and not isinstance(name, bool) else ""
    if 1 <= len(text) <= MAX_NAME:
        return Row(number, parsed.values, text, None, parsed.line)
    fault = RowFault(
        "invalid_row", f"id must be a text of 1 to {MAX_NAME} characters", shown_value(str(name))
    )
    return Row(number, {}, None, fault, parsed.line)


def _csv(chunks: Iterable[bytes], wanted: Set[str]) -> Iterator[_Parsed]:
    records = read_csv(chunks)
    header = _header(next(records, None), wanted)
    for record in records:
        yield _csv_row(header, record)


def _csv_row(header: Sequence[str], record: CsvRow) -> _Parsed:
    """Read a row; empty cells behind the last column are none, for some programs end each row with one."""
    fault = record.fault
    has_other_length = len(record.cells) < len(header) or any(record.cells[len(header) :])
    if fault is None and has_other_length:
        fault = f"{len(record.cells)} fields, the header has {len(header)}"
    if fault:
        return _Parsed({}, RowFault("invalid_row", fault, shown_value(record.text)), record.line)
    values = {name: cell for name, cell in zip(header, record.cells, strict=False) if name}
    return replace(_bounded(values, record.line), is_csv=True)


def _header(first: CsvRow | None, wanted: Set[str]) -> list[str]:
    """Read the names of the columns; one without a name is left out, for spreadsheets write empty columns."""
    if first is None:
        raise RowsRefused("the first line must name the columns")
    if first.fault:
        raise RowsRefused(f"the first line is {first.fault}")
    if len(first.cells) > MAX_COLUMNS:
        raise RowsRefused(f"there are more than {MAX_COLUMNS} columns")
    if "\0" in first.text:
        raise RowsRefused("the file is not text in UTF-8, UTF-16 or Windows-1252: save it as CSV in UTF-8")
    header = [unicodedata.normalize("NFC", " ".join(name.split())) for name in first.cells]
    if double := sorted(name for name, count in Counter(header).items() if name and count > 1):
        raise RowsRefused(f"two columns are called {double[0]!r}")
    if missing := sorted(wanted - set(header)):
        names = shown_value(", ".join(map(repr, header)))
        raise RowsRefused(f"column {missing[0]!r} is missing: the template names it; the columns are {names}")
    return header


def _bounded(values: Mapping[str, Any], line: int | None = None) -> _Parsed:
    size = sum(len(name) + len(str(value)) for name, value in values.items())
    if size > MAX_ROW_BYTES:
        return _Parsed({}, _TOO_LARGE, line)
    return _Parsed(values, None, line)


def _ndjson(chunks: Iterable[bytes], _: Set[str]) -> Iterator[_Parsed]:
    for number, line in enumerate(read_lines(chunks, MAX_ROW_BYTES), 1):
        if line.strip():
            yield _json_line(line, number)


def _json_line(line: bytes, number: int) -> _Parsed:
    if len(line) > MAX_ROW_BYTES:
        return _Parsed({}, _TOO_LARGE, number)
    try:
        value, repeated = parse_json(line), repeated_name(line)
    except ValueError:
        text = line.decode(errors="replace")
        return _Parsed({}, RowFault("invalid_row", "not valid JSON", shown_value(text)), number)
    if repeated is not None:
        return _Parsed({}, RowFault("invalid_row", _twice(repeated)), number)
    return _object(value, number)


def _object(value: Any, line: int | None = None) -> _Parsed:
    if not isinstance(value, dict):
        return _Parsed({}, RowFault("invalid_row", "not a JSON object", shown_value(str(value))), line)
    return _Parsed(value, None, line)


def _json(chunks: Iterable[bytes], _: Set[str]) -> Iterator[_Parsed]:
    """Parse one array, in memory; so JSON uploads have a lower limit."""
    try:
        text = b"".join(chunks).removeprefix(codecs.BOM_UTF8)
        values, repeated = parse_json(text), repeated_name(text)
    except ValueError as error:
        raise RowsRefused("not valid JSON") from error
    if repeated is not None:
        raise RowsRefused(_twice(repeated))
    if not isinstance(values, list):
        raise RowsRefused("must be a JSON array")
    for value in values:
        parsed = _object(value)
        yield parsed if parsed.fault else _bounded(parsed.values)


def _twice(name: str) -> str:
    return f"an object has {name[:MAX_SHOWN_NAME]!r} twice"


_TOO_LARGE = RowFault("row_too_large", f"larger than {MAX_ROW_BYTES} bytes")
