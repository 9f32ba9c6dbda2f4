"""`python -m clients.build`: writes the packages of both clients into `.local/clients`, ready to publish.

They have the version of the release. A wheel and a source distribution for Python, a tarball for npm.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from clients.generate.__main__ import ROOT, release

PACKAGES = ROOT / ".local" / "clients"
PYTHON = ROOT / "clients" / "python"
TYPESCRIPT = ROOT / "clients" / "typescript"
NPM = str(TYPESCRIPT / "npm.sh")


def build_python() -> None:
    """Build the source distribution, and the wheel from it, with the build backend of `.venv`."""
    uv = str(ROOT / ".local" / "bootstrap" / "bin" / "uv")
    options = ["-q", "--no-config", "--no-build-isolation", "--python", sys.executable]
    _run([uv, "build", *options, "--out-dir", str(PACKAGES), str(PYTHON)])


def build_typescript() -> None:
    """Compile the package and pack a copy that has the version of the release."""
    _run([NPM, "run", "--silent", "build"])
    copy = PACKAGES / "npm"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    shutil.copytree(TYPESCRIPT / "dist", copy / "dist")
    shutil.copy(TYPESCRIPT / "README.md", copy)
    manifest = json.loads((TYPESCRIPT / "package.json").read_text())
    del manifest["scripts"], manifest["devDependencies"]
    (copy / "package.json").write_text(json.dumps(manifest | {"version": release()}, indent=2))
    _run([NPM, "pack", "--silent", "--pack-destination", str(PACKAGES), str(copy)])


def _run(command: Sequence[str]) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words


if __name__ == "__main__":
    for old in PACKAGES.glob("*"):
        if old.is_file():
            old.unlink()
    PACKAGES.mkdir(parents=True, exist_ok=True)
    build_python()
    build_typescript()
    print("\n".join(sorted(str(file.relative_to(ROOT)) for file in PACKAGES.glob("trunkline*"))))  # noqa: T201
