"""Keeps what this version stores, reads and promises, to compare later versions with."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from audit.openapi import DOCUMENT, RELEASED
from audit.openapi_changes import without_texts
from tests.compatibility.readers import read_items
from tests.compatibility.recorder import ROOT, record

RELEASE = Path(__file__).with_name("release")


def main() -> None:
    """Replace the kept items, results, document, reader and commit; the messages are written by hand."""
    record(RELEASE / "items.json")
    results = read_items(json.loads((RELEASE / "items.json").read_text()))
    (RELEASE / "results.json").write_text(json.dumps(results) + "\n")
    document = json.loads((ROOT / DOCUMENT).read_text())
    (ROOT / RELEASED).write_text(json.dumps(without_texts(document), sort_keys=True) + "\n")
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
