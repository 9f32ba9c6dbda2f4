"""The scripts of a first visit: bytes as they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.results import Row

SCRIPT_BYTES = 200 * 1024


def script_row(site: Path) -> Row:
    """Add up the scripts of each page with those of its frame; the largest page counts."""
    manifest = json.loads((site / ".vite" / "manifest.json").read_text())
    routes = [name for name, each in manifest.items() if name.startswith("src/routes/") and "imports" in each]
    frame = [name for name in routes if name.startswith("src/routes/_app.tsx")]
    sizes = {
        name: sum(
            sent_bytes(site, manifest[each]["file"])
            for each in with_imports(manifest, ["index.html", name, *frame])
        )
        for name in routes
    }
    largest = max(sizes, key=lambda name: sizes[name])
    share = sizes[largest] / SCRIPT_BYTES
    page = Path(largest.split("?")[0]).stem
    return Row(
        "dashboard: compressed script of a first visit",
        f"{sizes[largest] / 1024:.0f} KB",
        f"the largest page, {page}",
        share,
        f"at most {SCRIPT_BYTES // 1024} KB",
        share <= 1,
    )


def sent_bytes(site: Path, file: str) -> int:
    """Count the bytes sent of a script: one that compression does not shrink is sent as it is."""
    compressed = site / f"{file}.br"
    return (compressed if compressed.exists() else site / file).stat().st_size


def with_imports(manifest: dict[str, Any], names: Iterable[str]) -> set[str]:
    """Return scripts with all that they import, and so on, of Vite's manifest."""
    reached, to_look_at = set(names), list(names)
    while to_look_at:
        imported = set(manifest[to_look_at.pop()].get("imports", ())) - reached
        reached |= imported
        to_look_at += imported
    return reached
