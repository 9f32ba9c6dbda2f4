"""The navigation of the site: `nav.yml`, with the pages of its folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent / "nav.yml"


def navigation(pages: Iterable[str]) -> list[Any]:
    """Return the navigation as mkdocs reads it; `*` stands for the pages that no other entry names."""
    entries: list[Any] = yaml.safe_load(_FILE.read_text())
    named = set(paths_of(entries))
    others = sorted(set(pages) - named)
    return _filled(entries, others)


def _filled(entries: list[Any], others: list[str]) -> list[Any]:
    filled: list[Any] = []
    for entry in entries:
        if isinstance(entry, str) and "*" in entry:
            filled += [page for page in others if fnmatch(page, entry)]
        elif isinstance(entry, dict):
            filled.append(
                {title: _filled(it, others) if isinstance(it, list) else it for title, it in entry.items()}
            )
        else:
            filled.append(entry)
    return filled


def paths_of(entries: list[Any]) -> Iterator[str]:
    """Yield the paths of all pages of a navigation, in its order."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from paths_of(below if isinstance(below, list) else [below])
