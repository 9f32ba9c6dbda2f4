"""`trunkline suppressions import`: every number of the file is on the list, or its row is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trunkline_cli.commands import suppressions
from trunkline_cli.commands.suppressions import ParsedNumbers, parse_numbers
from trunkline_cli.main import app
from typer.testing import CliRunner, Result

from tests.unit.test_csv_reader import DELIMITERS, ENCODINGS, LINE_ENDS, STRAY
from trunkline.core.csv_reader import read_csv

RAGGED = ("{number}", '{number}{delimiter}x{delimiter}"y', '{number}{delimiter}x{delimiter}y"', '"{number}')
FORMS = (*STRAY, *RAGGED)
NAMES = ("Zoé", '"Bo, the ""first"""', "", *FORMS)


def parsed(raw: bytes) -> ParsedNumbers:
    return parse_numbers(read_csv([raw], each_number_is_a_row=True))


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=30),
    st.sampled_from(DELIMITERS),
    st.sampled_from(LINE_ENDS),
    st.sampled_from(ENCODINGS),
    st.booleans(),
)
@settings(max_examples=300)
def test_each_number_is_read_or_its_line_is_named(
    names: list[str], delimiter: str, end: str, encoding: str, header: bool
) -> None:
    lines, numbers = ["phone" + delimiter + "name"] if header else [], {}
    for n, name in enumerate(names):
        number = f"+4930{100_000 + n}"
        form = name if name in FORMS else "{number}{delimiter}" + name
        lines.append(form.format(number=number, delimiter=delimiter))
        numbers[number] = len(lines)
    found = parsed(end.join(lines).encode(encoding))
    named = {line for line, _ in found.invalid_rows}
    assert set(found.numbers) <= set(numbers)
    assert {line for number, line in numbers.items() if number not in found.numbers} <= named


def test_a_stray_quote_costs_no_number_of_a_thousand() -> None:
    lines = [f"+1415{2_000_000 + n},Ann" for n in range(1000)]
    lines[1] = '+14152000001,"Bob'
    found = parsed("\n".join(["phone,name", *lines]).encode())
    assert (len(found.numbers), found.invalid_rows) == (1000, [])


@pytest.mark.parametrize(
    ("text", "invalid"),
    [
        ("phone\n+14155550001\n4155550002\n", [(3, "4155550002")]),
        (";Bob\n+14155550001;Ann\n", []),
        ("phone;name\n;Bob 1\n+14155550001;Ann\n", [(3 - 1, ";Bob 1")]),
        ("+14155550001\n\n\n'+14155550002\n", [(4, "'+14155550002")]),
        ("+٤٤٧٩١١١٢٣٤٥٦\n+14155550001\n", [(1, "+٤٤٧٩١١١٢٣٤٥٦")]),
        ("+１４１５５５５０００２\n+14155550001\n", [(1, "+１４１５５５５０００２")]),
        (
            "tel:+14155550002\n+14155550001;ext=5\n+14155550001\n",
            [(1, "tel:+14155550002"), (2, "+14155550001;ext=5")],
        ),
        ("+1415\u00a05550002\n+14155550001\n", [(1, "+1415\u00a05550002")]),
    ],
)
def test_a_row_without_a_number_is_named(text: str, invalid: list[tuple[int, str]]) -> None:
    found = parsed(text.encode())
    assert (found.numbers, found.invalid_rows) == (["+14155550001"], invalid)


@pytest.fixture
def import_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command, without a deployment behind it."""

    class Deployment:
        table: Any = None

        def principal(self, *_: Any, **__: Any) -> Any: ...

    def run(raw: bytes, *options: str) -> Result:
        file = tmp_path / "numbers.csv"
        file.write_bytes(raw)
        return CliRunner().invoke(app, ["suppressions", "import", str(file), "--tenant", "acme", *options])

    monkeypatch.setattr(suppressions, "connect", lambda _: Deployment())
    return run


def test_a_reason_that_is_too_long_is_said_before_anything_is_written(
    import_file: Callable[..., Result],
) -> None:
    done = import_file(b"+14155550001\n", "--reason", "x" * 201)
    assert (done.exit_code, isinstance(done.exception, SystemExit)) == (1, True)
    assert "reason" in done.stderr


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file has no numbers"),
        (b"phone\n", "the file has no numbers"),
        (b"PK\x03\x04\x14", "save it as CSV"),
        (b"phone\n[/]x1\n", "line 2: '[/]x1' is not a phone number"),
        (b"\x81\x8d\xff1\n", "is not a phone number"),
    ],
)
def test_what_has_no_numbers_is_said_in_a_line(
    raw: bytes, said: str, import_file: Callable[..., Result]
) -> None:
    done = import_file(raw)
    assert (done.exit_code, said in done.stderr.replace("\n", " ")) == (1, True), done.stderr
    assert isinstance(done.exception, SystemExit), "not a traceback"
