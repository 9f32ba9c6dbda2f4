"""CSV files as people's programs write them, and as people break them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from trunkline.core.csv_reader import EDGES, MAX_ROW_BYTES, MAX_ROW_LINES, CsvRow, read_csv
from trunkline.core.csv_writer import harmless_cell
from trunkline.core.redaction import shown_value

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
LINE_ENDS = ("\n", "\r\n", "\r")
DELIMITERS = (",", ";", "\t", "|")
STRAY = (
    '{number}{delimiter}"Ann',
    '{number}{delimiter}Ann" Lee"',
    '{number}{delimiter}"Ann"Lee',
    '"{number}{delimiter}Ann',
    '{number}{delimiter}"',
    '{number}{delimiter}Ann"',
)


def read(text: str | bytes) -> list[CsvRow]:
    return list(read_csv([text.encode() if isinstance(text, str) else text]))


@st.composite
def broken_files(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A file with a header, and the lines of its rows, some with a stray quote."""
    delimiter, end = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(LINE_ENDS))
    names = ("Zoé", '"Bo, the ""first"""', *STRAY)
    lines = []
    for n, name in enumerate(draw(st.lists(st.sampled_from(names), min_size=1, max_size=30))):
        form = name if name in STRAY else "{number}{delimiter}" + name
        lines.append(form.format(number=f"+4930{100_000 + n}", delimiter=delimiter))
    text = end.join([f"phone{delimiter}name", *lines]) + draw(st.sampled_from(("", end)))
    return text.encode(draw(st.sampled_from(ENCODINGS))), lines


@given(broken_files(), st.integers(1, 50))
def test_every_line_of_a_broken_file_is_one_row(file: tuple[bytes, list[str]], size: int) -> None:
    raw, lines = file
    _, *rows = read_csv(raw[at : at + size] for at in range(0, len(raw), size))
    assert [(row.line, row.text.strip()) for row in rows] == list(enumerate(lines, 2))
    for row in rows:
        if "Zoé" in row.text or "Bo" in row.text:
            assert row.fault is None
            assert row.cells[1] in ("Zoé", 'Bo, the "first"')


@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_file_breaks_it_however_it_is_cut(raw: bytes, size: int) -> None:
    assume(not raw.startswith(b"PK\x03\x04"))
    whole = read(raw)
    assert list(read_csv(raw[at : at + size] for at in range(0, len(raw), size))) == whole
    assert [row.line for row in whole] == sorted({row.line for row in whole})


# A line with a phone number in a cell of its own is a row, whatever quotes stand before it.
CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=10).filter(
    lambda cell: not re.search(r"\+[1-9][0-9]{6}", cell)
) | st.sampled_from(['say "hi"', "12 Main St\nBerlin, Germany", "a\r\n\r\nb", "", "a;b", "+10"])


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8), st.sampled_from(ENCODINGS[:5]))
@example([["", "12 Main St\nBerlin, Germany", "+10"]], "utf-8")
def test_what_a_spreadsheet_writes_is_read_as_written(cells: list[list[str]], encoding: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["one", "two", "three"], *cells])
    rows = read(written.getvalue().encode(encoding))
    trimmed = [[cell.strip(EDGES) for cell in row] for row in cells]
    assert [list(row.cells) for row in rows[1:]] == [row for row in trimmed if any(row)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('phone,name\n+14155550001,"Ann\n+14155550002,Bob"\n', [(1, True), (2, False), (3, True)]),
        ('+14155550001\n"+14155550002\n+14155550003"\n', [(1, True), (2, False), (3, True)]),
        ('a,b,c\n1,"x\ny",2\n3,4,5\n', [(1, True), (2, True), (4, True)]),
        ('a,b\n1,"' + "x" * MAX_ROW_BYTES + '"\n3,4\n', [(1, True), (2, False), (3, True)]),
    ],
)
def test_a_quote_never_swallows_a_row(text: str, rows: list[tuple[int, bool]]) -> None:
    """Two stray quotes would make one valid cell; a line that is a row by itself decides."""
    assert [(row.line, row.fault is None) for row in read(text)] == rows


def test_a_stray_quote_in_the_first_line_does_not_tell_the_width() -> None:
    rows = read('"+14155550001,Ann\n"+14155550002,Bob\n+14155550003,"\n')
    assert [row.line for row in rows] == [1, 2, 3]


def test_a_cell_of_too_many_lines_is_refused_line_by_line() -> None:
    rows = read('a,b\n1,"x\n' + "y\n" * MAX_ROW_LINES + 'z"\n')
    assert [row.line for row in rows] == list(range(1, MAX_ROW_LINES + 4))
    assert rows[1].fault is not None


def test_a_stray_quote_in_the_first_line_swallows_nothing() -> None:
    first, *others = read('+14155550001,"Ann\n+14155550002,"Bob"\n+14155550003,"Cy\n')
    assert (first.line, first.fault is None, first.cells[0]) == (1, False, "+14155550001")
    assert [(row.line, row.cells[0]) for row in others] == [(2, "+14155550002"), (3, "+14155550003")]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ('"a,b,c";d', ";"),
        ('"a;b;c;d",e', ","),
        ("phone|name", "|"),
        ("phone\tname\tfirst, last", "\t"),
        ("phone", ","),
    ],
)
def test_the_delimiter_is_found_outside_quotes(header: str, delimiter: str) -> None:
    _, row = read(f"{header}\n1{delimiter}2\n")
    assert row.cells[:2] == ["1", "2"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=; "])
def test_a_first_line_may_name_the_delimiter(first: str) -> None:
    header, row = read(f"{first}\r\na,b;c\r\n1;2,3\r\n")
    assert (header.line, header.cells, row.cells) == (2, ["a,b", "c"], ["1", "2,3"])


@pytest.mark.parametrize(
    "around", ["\u200b", "\u202a", "\ufeff", "\u2069", "\u00a0", "\u2009", "\u3000", "\t "]
)
def test_characters_that_nobody_sees_are_trimmed(around: str) -> None:
    _, row = read(f"phone;name\n{around}+14155550001{around};{around}Ann\n")
    assert row.cells == ["+14155550001", "Ann"]


def test_an_encoding_is_known_by_each_line() -> None:
    rows = read(b"a,b\n1,caf\xc3\xa9\n2,caf\xe9\n")
    assert [row.cells[1] for row in rows] == ["b", "café", "café"]


@pytest.mark.parametrize(
    "raw", [b"\xff\xfea\0,\0b\0\n\0\x00\xd8,\0b\0", b"\xff\xfea\0,\0b\0\n\0c\0,\0d"], ids=("surrogate", "cut")
)
def test_half_a_character_spoils_its_row_alone(raw: bytes) -> None:
    assert [row.fault for row in read(raw)] == [None, "a character is in no known encoding"]


@pytest.mark.parametrize(
    "cell",
    [
        *("=1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1"),
        *("＝1", "＋1", "－1", "＠x", "\u200b=1", "+1 (415) 555", "\tx"),
        *(f"{space}=1" for space in "\u00ad\u061c\u180e\u202e\u2066\u3164\u3000\u2003\u0085\x1f"),
    ],
)
def test_what_may_be_a_formula_is_written_as_a_text(cell: str) -> None:
    assert harmless_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "written"),
    [("x;=1", "x;'=1"), ("x;\u200b+1;-2", "x;\u200b'+1;'-2"), ("a\t@b", "a\t'@b"), ("x|=1", "x|'=1")],
)
def test_what_another_delimiter_would_make_a_formula_is_harmless(cell: str, written: str) -> None:
    assert harmless_cell(cell) == written


@pytest.mark.parametrize("cell", ["+14155550001", "a=b", "a; b", "", "a-b", 5, -5, None, "'=1"])
def test_what_is_no_formula_is_written_as_it_is(cell: object) -> None:
    assert harmless_cell(cell) == cell


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+14155552671", "+…2671"),
        ("030 / 123 45 67", "…4567"),
        ("Ann, +49 (30) 1234-5678", "Ann, +…5678"),
        ("x", "x"),
        ("as_live_abcdefgh", "[redacted]"),
        ("x" * 200, "x" * 100),
        (f"{'x' * 88} +14155552671", f"{'x' * 88} +…2671"),
        (f"{'x' * 95} as_live_abcdefgh", f"{'x' * 95} [red"),
        ("\u200bAnn", "\\u200bAnn"),
        ("+14\u200b15\u00a0555\u20092671", "+…2671"),
        ("+٤٤٧٩١١١٢٣٤٥٦", "+…٣٤٥٦"),
    ],
)
def test_a_refused_value_shows_no_number(value: str, shown: str) -> None:
    assert shown_value(value) == shown
