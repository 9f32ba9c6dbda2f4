"""`trunkline suppressions …`: a list of any length into a tenant's suppression list."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from trunkline.compliance.policy import CompliancePolicy
from trunkline.compliance.service import MAX_NUMBERS, ComplianceService, Suppressions
from trunkline.core.clock import SystemClock
from trunkline.core.validation import E164
from trunkline_cli.terminal import Stage, Tenant, complaining, complaints, console, operator_of

suppressions = typer.Typer()
_SHOWN = 20


@dataclass
class Read:
    """A file's numbers, and the rows that have none: their number and what stands there."""

    numbers: list[str] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)


@suppressions.command("import")
def import_numbers(
    file: Path,
    tenant: Tenant,
    reason: Annotated[str, typer.Option(help="Why, for all of them.")] = "",
    test: Annotated[bool, typer.Option("--test", help="Of test keys.")] = False,
    stage: Stage = "dev",
) -> None:
    """Put the numbers in a CSV file's first column on the list; ends with 1 if a row has none."""
    with complaining():
        with file.open(encoding="utf-8-sig", newline="") as text:
            read = numbers_in(csv.reader(text))
        operator, clock = operator_of(stage), SystemClock()
        desk = ComplianceService(operator.table, CompliancePolicy(operator.table, clock), clock)
        principal = operator.principal(tenant, livemode=not test)
        for part in _parts(read.numbers):
            desk.suppress(principal, Suppressions(numbers=part, reason=reason))
    console.print(f"{len(read.numbers)} numbers are on the list")
    for row, value in read.bad[:_SHOWN]:
        complaints.print(f"[red]✗[/] row {row}: {value!r} is no number")
    if read.bad:
        complaints.print(f"{len(read.bad)} rows were left out")
        raise typer.Exit(1)


def numbers_in(rows: Iterable[list[str]]) -> Read:
    """The numbers in the first column, each once; a first row that is a heading is none of them."""
    read, seen = Read(), set[str]()
    for number, row in enumerate(rows, 1):
        value = row[0].strip() if row else ""
        if re.fullmatch(E164, value):
            if value not in seen:
                seen.add(value)
                read.numbers.append(value)
        elif value and not (number == 1 and not re.search(r"[0-9]", value)):
            read.bad.append((number, value[:40]))
    return read


def _parts(numbers: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(numbers), MAX_NUMBERS):
        yield numbers[first : first + MAX_NUMBERS]
