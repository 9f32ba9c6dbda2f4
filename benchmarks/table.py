"""Rows of figures, each beside what it is compared with."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

FILE = Path(__file__).parent / "RESULTS.md"


@dataclass(frozen=True)
class Row:
    """One figure: what, how much, beside what, their ratio, and the bound it should keep."""

    what: str
    figure: str
    beside: str = ""
    ratio: float | None = None
    bound: str = ""
    kept: bool | None = None

    def cells(self) -> tuple[str, str, str, str, str]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        verdict = {None: "", True: " ✓", False: " ✗"}[self.kept]
        return self.what, self.figure, self.beside, ratio, self.bound + verdict


_HEAD = ("figure", "value", "beside", "ratio", "bound")


def p50(samples: Sequence[float]) -> float:
    return statistics.median(samples)


def p99(samples: Sequence[float]) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * 0.99))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def show(rows: list[Row], *, whole: bool) -> None:
    """Print the table, and write it to RESULTS.md; some rows alone take the place of the older ones."""
    table = Table(*_HEAD)
    for row in rows:
        table.add_row(*row.cells())
    Console(width=160).print(table)
    lines = [_line(cells) for cells in (_HEAD, ("---",) * 5, *_kept(rows, whole=whole))]
    head = "# Figures\n\nMade by `make bench` on two shared cores; compare ratios, not milliseconds.\n\n"
    FILE.write_text(head + "\n".join(lines) + "\n")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _kept(rows: list[Row], *, whole: bool) -> list[Sequence[str]]:
    """The rows to write: if these are not the whole, among those that were there."""
    new: dict[str, Sequence[str]] = {row.what: row.cells() for row in rows}
    if whole or not FILE.exists():
        return list(new.values())
    lines = [line.strip("| ").split(" | ") for line in FILE.read_text().splitlines() if line.startswith("| ")]
    old = [[*cells, *[""] * (len(_HEAD) - len(cells))] for cells in lines[2:]]
    merged = [new.pop(cells[0], cells) for cells in old]
    return [*merged, *new.values()]
