"""The `trunkline suppressions` commands: import a CSV file of any length into a suppression list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from trunkline.compliance.policy import CompliancePolicy
from trunkline.compliance.service import MAX_SUPPRESSIONS_PER_REQUEST, ComplianceService, Suppressions
from trunkline.core.clock import SystemClock
from trunkline.core.csv_reader import CsvRow, read_csv
from trunkline.core.validation import E164, validated
from trunkline_cli.console import Stage, Tenant, connect, report_errors, show, show_error

app = typer.Typer(no_args_is_help=True, help="Manage the numbers that the tenant must not call.")
_CHUNK_BYTES = 1024 * 1024
_MAX_SHOWN_ROWS = 20
_MAX_SHOWN_CHARACTERS = 40


@dataclass
class ParsedNumbers:
    """The distinct numbers of a file, and its invalid rows: their line, from 1, and their value."""

    numbers: list[str] = field(default_factory=list)
    invalid_rows: list[tuple[int, str]] = field(default_factory=list)


@app.command("import")
def import_numbers(
    file: Annotated[Path, typer.Argument(help="CSV file with the numbers (E.164) in its first column.")],
    tenant: Tenant,
    reason: Annotated[str, typer.Option(help="Reason that is stored with each number.")] = "",
    test: Annotated[bool, typer.Option("--test", help="Import into the list of test mode.")] = False,
    stage: Stage = "dev",
) -> None:
    """Import the numbers in the first column of a CSV file.

    A header row is allowed. Encoding and delimiter are detected. Rows without a valid number are skipped and
    listed, and the exit code is 1.
    """
    with report_errors():
        parsed = parse_numbers(read_csv(_chunks_of(file), each_number_is_a_row=True))
        operator, clock = connect(stage), SystemClock()
        service = ComplianceService(operator.table, CompliancePolicy(operator.table, clock), clock)
        principal = operator.principal(tenant, livemode=not test)
        requests = [
            validated(Suppressions, {"numbers": chunk, "reason": reason}) for chunk in _chunks(parsed.numbers)
        ]
        for request in requests:
            service.suppress(principal, request)
    show(f"{len(parsed.numbers)} numbers are on the list")
    _report_invalid_rows(parsed)


def _report_invalid_rows(parsed: ParsedNumbers) -> None:
    for line, value in parsed.invalid_rows[:_MAX_SHOWN_ROWS]:
        show_error(f"line {line}: {value!r} is not a phone number in E.164 format")
    if parsed.invalid_rows:
        show_error(f"{len(parsed.invalid_rows)} rows were skipped")
    elif not parsed.numbers:
        show_error("the file has no numbers")
    if parsed.invalid_rows or not parsed.numbers:
        raise typer.Exit(1)


def parse_numbers(rows: Iterable[CsvRow]) -> ParsedNumbers:
    """Collect the distinct numbers of the first column; a first row without digits is a header.

    A row whose other cells are broken counts: a number that is on no list is one that may be called.
    """
    parsed, seen = ParsedNumbers(), set[str]()
    for index, row in enumerate(rows):
        value = row.cells[0]
        if re.fullmatch(E164, value):
            if value not in seen:
                seen.add(value)
                parsed.numbers.append(value)
        elif index or row.fault or re.search(r"\d", row.text):
            parsed.invalid_rows.append((row.line, (value or row.text.strip())[:_MAX_SHOWN_CHARACTERS]))
    return parsed


def _chunks_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            yield chunk


def _chunks(numbers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(numbers), MAX_SUPPRESSIONS_PER_REQUEST):
        yield numbers[start : start + MAX_SUPPRESSIONS_PER_REQUEST]
