"""Parser of rows from CSV, NDJSON and JSON. Pure: lines in, rows out, one at a time.

A bad row is reported with its number and does not affect the others; an error that affects every row, such as
a missing column, rejects the whole batch.
Source: RFC 4180 (CSV), https://github.com/ndjson/ndjson-spec.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from trunkline.batches.models import MAX_ROWS, Row, RowFault, RowFormat
from trunkline.core.json_text import parse_json

MAX_ROW_BYTES = 64 * 1024
MAX_NAME = 100
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = (",", ";", "\t")


class RowsRefused(Exception):
    """The upload cannot be parsed; the message may be shown."""


def read_rows(row_format: RowFormat, chunks: Iterable[bytes], wanted: Set[str]) -> Iterator[Row]:
    """Read all rows, numbered from 1; `wanted` are the columns that the template requires.

    Raises:
        RowsRefused: there are none or too many, or the upload does not have this format.
    """
    reader = {RowFormat.CSV: _csv, RowFormat.NDJSON: _ndjson, RowFormat.JSON: _json}[row_format]
    number = 0
    for number, (values, fault) in enumerate(reader(chunks, wanted), 1):
        if number > MAX_ROWS:
            raise RowsRefused(f"there are more than {MAX_ROWS} rows")
        yield _row(number, values, fault)
    if number == 0:
        raise RowsRefused("there are no rows")


_Read = tuple[Mapping[str, Any], RowFault | None]


def _row(number: int, values: Mapping[str, Any], fault: RowFault | None) -> Row:
    name = values.get("id")
    if fault is None and name is not None:
        name = str(name) if isinstance(name, str | int) and not isinstance(name, bool) else ""
        if not 1 <= len(name) <= MAX_NAME:
            fault, name = RowFault("invalid_row", f"id must be a text of 1 to {MAX_NAME} characters"), None
    return Row(number, values, name if fault is None else None, fault)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Split into lines with their line ends, and remove a byte order mark."""
    rest, first = b"", True
    for chunk in chunks:
        rest += chunk
        if first and len(rest) < len(_BOM):
            continue
        if first:
            rest, first = rest.removeprefix(_BOM), False
        *lines, rest = rest.split(b"\n")
        yield from (line + b"\n" for line in lines)
    if rest:
        yield rest.removeprefix(_BOM) if first else rest


def _texts(chunks: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(_lines(chunks), 1):
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise RowsRefused(f"line {number} is not UTF-8") from error


def _csv(chunks: Iterable[bytes], wanted: Set[str]) -> Iterator[_Read]:
    lines = _texts(chunks)
    first = next(lines, "")
    delimiter = max(_DELIMITERS, key=first.count)
    header = _header(first, delimiter)
    _require_columns(header, wanted)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield {}, RowFault("invalid_row", f"not valid CSV: {error}")
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            yield {}, RowFault("invalid_row", f"{len(cells)} fields, the header has {len(header)}")
            continue
        yield _bounded(dict(zip(header, cells, strict=True)))


def _header(line: str, delimiter: str) -> list[str]:
    """Read the names of the columns; a first line that cannot be parsed leaves no row to blame."""
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise RowsRefused(f"the first line is not valid CSV: {error}") from error


def _require_columns(header: Sequence[str], wanted: Set[str]) -> None:
    if not any(header):
        raise RowsRefused("the first line must name the columns")
    if double := sorted({name for name in header if header.count(name) > 1}):
        raise RowsRefused(f"two columns are called {double[0]!r}")
    if missing := sorted(wanted - set(header)):
        raise RowsRefused(f"column {missing[0]!r} is missing: the template names it")


def _bounded(values: Mapping[str, Any]) -> _Read:
    size = sum(len(name) + len(str(value)) for name, value in values.items())
    if size > MAX_ROW_BYTES:
        return {}, RowFault("row_too_large", f"larger than {MAX_ROW_BYTES} bytes")
    return values, None


def _ndjson(chunks: Iterable[bytes], _: Set[str]) -> Iterator[_Read]:
    for line in _lines(chunks):
        if line.strip():
            yield _parsed(line)


def _parsed(line: bytes) -> _Read:
    if len(line) > MAX_ROW_BYTES:
        return {}, RowFault("row_too_large", f"larger than {MAX_ROW_BYTES} bytes")
    try:
        value = parse_json(line)
    except ValueError:
        return {}, RowFault("invalid_row", "not valid JSON")
    return _object(value)


def _object(value: Any) -> _Read:
    if not isinstance(value, dict):
        return {}, RowFault("invalid_row", "not a JSON object")
    return value, None


def _json(chunks: Iterable[bytes], _: Set[str]) -> Iterator[_Read]:
    """Parse one array, in memory; so JSON uploads have a lower limit."""
    try:
        values = parse_json(b"".join(chunks).removeprefix(_BOM))
    except ValueError as error:
        raise RowsRefused("not valid JSON") from error
    if not isinstance(values, list):
        raise RowsRefused("must be a JSON array")
    for value in values:
        parsed, fault = _object(value)
        yield (parsed, fault) if fault else _bounded(parsed)
