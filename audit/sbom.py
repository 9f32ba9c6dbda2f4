"""Bills of materials in CycloneDX 1.6: of each layer, as it is deployed, and of the tools from PyPI and npm.

Source: https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
from pathlib import Path

from audit.tools import NPM, ROOT, python_tool, run

BILLS = ROOT / ".local" / "sbom"
LAYERS = ("dependencies", "encryption")
_OPTIONS = ("--PEP-639", "--sv", "1.6", "--output-reproducible", "--short-PURLs")
_UV = str(ROOT / ".local" / "bootstrap" / "bin" / "uv")


def write_bills() -> list[Path]:
    """Write all bills, and return their files."""
    BILLS.mkdir(parents=True, exist_ok=True)
    bills = [_python_bill(f"layer-{name}", _layer(name)) for name in LAYERS]
    bills.append(_python_bill("tools-python", ROOT / ".venv"))
    folders = {"tools-npm": ROOT, "audit-npm": ROOT / "audit", "dashboard-npm": ROOT / "dashboard"}
    folders["client-npm"] = ROOT / "clients" / "typescript"
    return [*bills, *(_npm_bill(name, folder) for name, folder in folders.items())]


def _layer(name: str) -> Path:
    """Install a layer's lock into an environment of its own, whose metadata names versions and licences."""
    folder = ROOT / ".local" / "sbom-layers" / name
    python = str(folder / "bin" / "python")
    if not Path(python).exists():
        run(
            [
                _UV,
                "venv",
                "-q",
                "--no-config",
                "--python",
                str(ROOT / ".venv" / "bin" / "python"),
                str(folder),
            ]
        )
    lock = str(ROOT / "layers" / name / "requirements.lock")
    run([_UV, "pip", "sync", "-q", "--require-hashes", "--python", python, lock])
    return folder


def _python_bill(name: str, environment: Path) -> Path:
    file = BILLS / f"{name}.cdx.json"
    python = str(environment / "bin" / "python")
    run(python_tool("cyclonedx-py", "environment", *_OPTIONS, "-o", str(file), python))
    return file


def _npm_bill(name: str, folder: Path) -> Path:
    """Write the bill of a lock file: npm makes it by itself.

    Source: https://docs.npmjs.com/cli/v11/commands/npm-sbom
    """
    file = BILLS / f"{name}.cdx.json"
    bill = json.loads(run([*NPM, "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], folder=folder))
    file.write_text(json.dumps(bill, indent=2))
    return file
