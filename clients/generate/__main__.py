"""`python -m clients.generate`: writes the generated part of the Python client. It needs no package.

A file that would stay the same is not written, so that a second run costs the type checker nothing.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from clients.generate.python_package import render_package

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "openapi.json"
PACKAGE = ROOT / "clients" / "python" / "src" / "trunkline_client"


def release() -> str:
    """Return the version of this release, which the clients have, too."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def expected_files() -> dict[str, str]:
    """Return the files of the generated part by name, as they are to be."""
    return render_package(json.loads(DOCUMENT.read_text()), release())


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files that have changed."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


if __name__ == "__main__":
    write_files(PACKAGE, expected_files())
