"""The `trunkline suppressions` commands: import a CSV file of any length into a suppression list."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from trunkline.compliance.policy import CompliancePolicy
from trunkline.compliance.service import MAX_SUPPRESSIONS_PER_REQUEST, ComplianceService, Suppressions
from trunkline.core.clock import SystemClock
from trunkline.core.validation import E164
from trunkline_cli.console import Stage, Tenant, connect, console, error_console, report_errors

app = typer.Typer(no_args_is_help=True, help="Manage the numbers that the tenant must not call.")
_MAX_SHOWN_ROWS = 20
_MAX_SHOWN_CHARACTERS = 40


@dataclass
class ParsedNumbers:
    """The distinct numbers of a file, and its invalid rows: their row number, from 1, and their value."""

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

    Rows without a valid number are skipped and listed, and the exit code is 1. A header row is allowed.
    """
    with report_errors():
        with file.open(encoding="utf-8-sig", newline="") as text:
            parsed = parse_numbers(csv.reader(text))
        operator, clock = connect(stage), SystemClock()
        service = ComplianceService(operator.table, CompliancePolicy(operator.table, clock), clock)
        principal = operator.principal(tenant, livemode=not test)
        for chunk in _chunks(parsed.numbers):
            service.suppress(principal, Suppressions(numbers=chunk, reason=reason))
    console.print(f"{len(parsed.numbers)} numbers are on the list")
    _report_invalid_rows(parsed.invalid_rows)


def _report_invalid_rows(invalid_rows: list[tuple[int, str]]) -> None:
    for row_number, value in invalid_rows[:_MAX_SHOWN_ROWS]:
        error_console.print(f"[red]✗[/] row {row_number}: {value!r} is not a phone number in E.164 format")
    if invalid_rows:
        error_console.print(f"{len(invalid_rows)} rows were skipped")
        raise typer.Exit(1)


def parse_numbers(rows: Iterable[list[str]]) -> ParsedNumbers:
    """Collect the distinct numbers of the first column; a first row without digits is a header."""
    parsed, seen = ParsedNumbers(), set[str]()
    for row_number, row in enumerate(rows, 1):
        value = row[0].strip() if row else ""
        if re.fullmatch(E164, value):
            if value not in seen:
                seen.add(value)
                parsed.numbers.append(value)
        elif value and not (row_number == 1 and not re.search(r"[0-9]", value)):
            parsed.invalid_rows.append((row_number, value[:_MAX_SHOWN_CHARACTERS]))
    return parsed


def _chunks(numbers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(numbers), MAX_SUPPRESSIONS_PER_REQUEST):
        yield numbers[start : start + MAX_SUPPRESSIONS_PER_REQUEST]
