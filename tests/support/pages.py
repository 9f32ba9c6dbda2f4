"""Tables of the documentation's pages."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"`([^`\n]+)`")


def first_cells(page: str) -> set[str]:
    """The words in backticks in the first column of a page's tables."""
    rows = re.findall(r"^\| ([^|]+)\|", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    return {word for row in rows for word in CODE.findall(row)}
