"""The table of results: each figure with what it is compared with, and its target."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

FILE = Path(__file__).parent / "RESULTS.md"
_COLUMNS = ("figure", "value", "compared with", "ratio", "target")
_INTRODUCTION = "Made by `make bench` on two shared cores; compare ratios, not milliseconds."


@dataclass(frozen=True)
class Row:
    """One figure; `is_met` is None where there is no target."""

    name: str
    value: str
    compared_with: str = ""
    ratio: float | None = None
    target: str = ""
    is_met: bool | None = None

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the text of each column."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        mark = {None: "", True: " ✓", False: " ✗"}[self.is_met]
        return self.name, self.value, self.compared_with, ratio, self.target + mark


def p50(samples: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(samples)


def p95(samples: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * 0.95))]


def p99(samples: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * 0.99))]


def load() -> str:
    """Say how busy this machine is."""
    return f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"


def ms(seconds: float) -> str:
    """Format seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def show(rows: list[Row], *, is_complete: bool) -> None:
    """Print the rows and write them to RESULTS.md; an incomplete run replaces only its own rows there."""
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*row.cells())
    Console(width=160).print(table)
    written = [row.cells() for row in rows] if is_complete or not FILE.exists() else _merged(rows)
    lines = [_line(cells) for cells in (_COLUMNS, ("---",) * len(_COLUMNS), *written)]
    FILE.write_text(f"# Figures\n\n{_INTRODUCTION}\n\n" + "\n".join(lines) + "\n")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _merged(rows: list[Row]) -> list[Sequence[str]]:
    """Return the rows of the file, with new values where there are any, and then the rows that are new."""
    new: dict[str, Sequence[str]] = {row.name: row.cells() for row in rows}
    lines = [line.strip("| ").split(" | ") for line in FILE.read_text().splitlines() if line.startswith("| ")]
    old = [[*cells, *[""] * (len(_COLUMNS) - len(cells))] for cells in lines[2:]]
    merged = [new.pop(cells[0], cells) for cells in old]
    return [*merged, *new.values()]
