"""Keeps what this version stores and reads, as the release that later versions are compared with."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.compatibility.readers import read_items
from tests.compatibility.recorder import ROOT, record

RELEASE = Path(__file__).with_name("release")


def main() -> None:
    """Replace the kept items, results, reader and commit; the messages are written by hand."""
    record(RELEASE / "items.json")
    results = read_items(json.loads((RELEASE / "items.json").read_text()))
    (RELEASE / "results.json").write_text(json.dumps(results) + "\n")
    shutil.copy(Path(__file__).with_name("readers.py"), RELEASE / "readers.py")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - git of the path, as everywhere
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (RELEASE / "COMMIT").write_text(head.stdout)


if __name__ == "__main__":
    main()
