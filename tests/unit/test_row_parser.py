"""Rows from CSV, NDJSON and JSON: the same however the file is cut into pieces."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.batches.models import PART_ROWS, Row, RowFormat, part_of
from trunkline.batches.row_parser import RowsRefused, read_rows
from trunkline.core.csv_reader import EDGES, MAX_ROW_BYTES

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
    expected = [trimmed for row in cells if any(trimmed := [cell.strip(EDGES) for cell in row])]
    if not expected:
        with pytest.raises(RowsRefused, match="there are no rows"):
            list(read_rows(RowFormat.CSV, pieces(raw, cuts), frozenset({"one"})))
        return
    found = list(read_rows(RowFormat.CSV, pieces(raw, cuts), frozenset({"one"})))
    assert [[row.values["one"], row.values["two"]] for row in found] == expected
    assert [row.number for row in found] == list(range(1, len(expected) + 1))


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


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
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


def test_a_line_in_no_encoding_is_its_rows_fault_alone() -> None:
    found = rows(RowFormat.CSV, b"a,b\n1,2\n\x81,4\n5,6\n")
    assert [row.fault and row.fault.message for row in found] == [
        None,
        "a character is in no known encoding",
        None,
    ]


def test_an_open_quote_is_its_rows_fault_alone() -> None:
    found = rows(RowFormat.CSV, 'a,b\n1,2\n"3,4\n5,6\n')
    assert [(row.line, row.fault is None) for row in found] == [(2, True), (3, False), (4, True)]


def test_a_stray_quote_costs_one_row_of_five_thousand() -> None:
    lines = [f"+1415{2_000_000 + n},Ann {n}" for n in range(5000)]
    lines[4] = '+14152000004,"Ann'
    found = rows(RowFormat.CSV, "\r\n".join(["phone,name", *lines]))
    assert len(found) == 5000
    assert [(row.number, row.line) for row in found if row.fault] == [(5, 6)]
    assert found[4].fault is not None
    assert found[4].fault.value == '+…0004,"Ann'


def test_an_empty_id_in_csv_is_none() -> None:
    assert [row.name for row in rows(RowFormat.CSV, "id,a\n,1\nx,2\n")] == [None, "x"]


def test_columns_without_a_name_are_left_out() -> None:
    assert [dict(row.values) for row in rows(RowFormat.CSV, "phone,,\n+1,,\n,,\n")] == [{"phone": "+1"}]


def test_names_of_columns_are_composed_and_in_one_line() -> None:
    header = '"First\r\nName";' + unicodedata.normalize("NFD", "Téléphone")
    (row,) = rows(RowFormat.CSV, f"{header}\nAnn;+1\n")
    assert dict(row.values) == {"First Name": "Ann", "Téléphone": "+1"}


def test_columns_are_bounded() -> None:
    with pytest.raises(RowsRefused, match="more than 1000 columns"):
        rows(RowFormat.CSV, ",".join(f"c{n}" for n in range(1001)))
    with pytest.raises(RowsRefused, match=f"larger than {MAX_ROW_BYTES} bytes"):
        rows(RowFormat.CSV, ",".join(f"c{n}" for n in range(60_000)))


def test_an_excel_workbook_is_refused_by_name() -> None:
    with pytest.raises(RowsRefused, match="save it as CSV"):
        rows(RowFormat.CSV, b"PK\x03\x04\x14\x00\x06\x00")


@pytest.mark.parametrize(("row", "part"), [(1, 1), (PART_ROWS, 1), (PART_ROWS + 1, 2), (100_000, 200)])
def test_parts_have_500_rows(row: int, part: int) -> None:
    assert part_of(row) == part


def test_empty_cells_behind_the_last_column_are_none() -> None:
    rows = list(read_rows(RowFormat.CSV, [b"id,phone\na,+14155550001,,\nb,+14155550002,x\n"], {"phone"}))
    assert [row.fault is None for row in rows] == [True, False]


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-be"])
def test_a_file_in_no_known_encoding_is_refused_by_name(encoding: str) -> None:
    with pytest.raises(RowsRefused, match="UTF-8, UTF-16 or Windows-1252"):
        list(read_rows(RowFormat.CSV, ["id,phone\na,+14155550001\n".encode(encoding)], {"phone"}))


def test_a_missing_column_is_told_with_those_that_are_there() -> None:
    with pytest.raises(RowsRefused, match="the columns are 'id', 'Phone'"):
        list(read_rows(RowFormat.CSV, [b"id,Phone\na,+14155550001\n"], {"phone"}))
