"""Rows from CSV, NDJSON and JSON: the same however the file is cut into pieces."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.batches.models import PART_ROWS, Row, RowFormat, part_of
from trunkline.batches.row_parser import MAX_ROW_BYTES, RowsRefused, read_rows

NONE: frozenset[str] = frozenset()
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
CELL = TEXT | st.sampled_from(['say "hi"', "a,b", "two\nlines", "", "ü€"])


def rows(row_format: RowFormat, text: str | bytes, wanted: frozenset[str] = NONE) -> list[Row]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read_rows(row_format, [raw], wanted))


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[a:b] for a, b in pairwise(places)]


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8), st.lists(st.integers(0, 500))
)
def test_csv_is_read_as_it_was_written_however_it_is_cut(cells: list[list[str]], cuts: list[int]) -> None:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["one", "two"])
    writer.writerows(cells)
    raw = b"\xef\xbb\xbf" + written.getvalue().encode()
    found = list(read_rows(RowFormat.CSV, pieces(raw, cuts), frozenset({"one"})))
    assert [[row.values["one"], row.values["two"]] for row in found] == cells
    assert [row.number for row in found] == list(range(1, len(cells) + 1))


@given(
    st.lists(st.dictionaries(TEXT, TEXT | st.integers() | st.none()), min_size=1),
    st.lists(st.integers(0, 500)),
)
def test_ndjson_is_read_as_it_was_written_however_it_is_cut(
    values: list[dict[str, object]], cuts: list[int]
) -> None:
    values = [{name: value for name, value in row.items() if name != "id"} for row in values]
    raw = "\n".join(json.dumps(row) for row in values).encode()
    found = list(read_rows(RowFormat.NDJSON, pieces(raw, cuts), NONE))
    assert [row.values for row in found] == values


@given(st.binary(max_size=300), st.sampled_from(RowFormat))
@example(b"\r\x00", RowFormat.CSV)
def test_no_file_breaks_it(raw: bytes, row_format: RowFormat) -> None:
    try:
        found = rows(row_format, raw)
    except RowsRefused:
        return
    assert found


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_says_what_parts_the_columns(delimiter: str) -> None:
    text = f" phone {delimiter}name\r\n+1{delimiter}Ann\r\n"
    assert [dict(row.values) for row in rows(RowFormat.CSV, text)] == [{"phone": "+1", "name": "Ann"}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5", "not a JSON object"),
        ("{", "not valid JSON"),
        ('{"a": NaN}', "not valid JSON"),
        ('{"a": "' + "x" * MAX_ROW_BYTES + '"}', f"larger than {MAX_ROW_BYTES} bytes"),
        ('{"id": true}', "id must be a text of 1 to 100 characters"),
        ('{"id": ""}', "id must be a text of 1 to 100 characters"),
        ('{"id": "' + "x" * 101 + '"}', "id must be a text of 1 to 100 characters"),
    ],
)
def test_a_bad_line_is_its_rows_fault_alone(line: str, message: str) -> None:
    bad, good = rows(RowFormat.NDJSON, f'{line}\n{{"id": 7}}\n')
    assert bad.fault is not None
    assert (bad.fault.message, bad.number) == (message, 1)
    assert (good.fault, good.name, good.number) == (None, "7", 2)


@pytest.mark.parametrize("text", [b"a,b\n\xff,1\n", b"\xff\xfea\x00"])
def test_what_is_no_utf_8_is_refused_with_its_line(text: bytes) -> None:
    with pytest.raises(RowsRefused, match=r"line \d is not UTF-8"):
        rows(RowFormat.CSV, text)


def test_an_open_quote_is_its_rows_fault() -> None:
    found = rows(RowFormat.CSV, 'a,b\n1,2\n"3,4\n5,6\n')
    assert (found[0].fault, found[-1].fault is not None) == (None, True)


@pytest.mark.parametrize(("row", "part"), [(1, 1), (PART_ROWS, 1), (PART_ROWS + 1, 2), (100_000, 200)])
def test_parts_have_500_rows(row: int, part: int) -> None:
    assert part_of(row) == part
