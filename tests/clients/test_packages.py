"""The packages of both clients in empty projects: they install, import, and type-check README code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.config import ROOT

PACKAGES = ROOT / ".local" / "clients"
UV = str(ROOT / ".local" / "bootstrap" / "bin" / "uv")
NODE_MODULES = ROOT / "clients" / "typescript" / "node_modules"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
NODE_PROJECT = {"name": "empty", "version": "1.0.0", "private": True, "type": "module"}
STRICT = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "module": "NodeNext",
    "target": "ES2022",
    "noEmit": True,
    "types": ["node"],
    "typeRoots": [str(NODE_MODULES / "@types")],
}


def run(command: Sequence[str], folder: Path) -> str:
    """Run a command without the project's own paths, and return its output."""
    environment = {
        key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def package(pattern: str) -> str:
    found = list(PACKAGES.glob(pattern))
    assert len(found) == 1, f"{pattern}: {found}; run `make clients`"
    return str(found[0])


def code_blocks(client: str, language: str) -> list[str]:
    text = (ROOT / "clients" / client / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def python_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("python")
    run([UV, "venv", "-q", "--no-config", "--python", sys.executable, ".venv"], folder)
    wheel = package("trunkline_client-*.whl")
    run([UV, "pip", "install", "-q", "--no-config", "--python", ".venv/bin/python", wheel], folder)
    return folder


def test_the_wheel_imports_and_has_the_version_of_the_release(python_project: Path) -> None:
    code = "import trunkline_client as c; print(c.__version__, c.Trunkline.create_call.__name__)"
    assert run([".venv/bin/python", "-c", code], python_project).split() == [VERSION, "create_call"]
    assert VERSION in package("trunkline_client-*.tar.gz")


def test_the_python_code_of_the_readme_type_checks_strictly(python_project: Path) -> None:
    blocks = code_blocks("python", "python")
    assert len(blocks) == 4
    for number, block in enumerate(blocks):
        (python_project / f"block_{number}.py").write_text(block)
    (python_project / "mistake.py").write_text(MISTAKE)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--warn-unused-ignores"]
    command += ["--python-executable", ".venv/bin/python", "."]
    assert "Success" in run(command, python_project)


MISTAKE = """\
from trunkline_client import Trunkline


def wrong(trunkline: Trunkline) -> None:
    trunkline.create_call({"workflow_slug": "w"})  # type: ignore[typeddict-item]
    trunkline.list_calls(status="done")  # type: ignore[arg-type]
    trunkline.get_call("c")["no_such_field"]  # type: ignore[typeddict-item]
"""
"""Each line is an error: an `ignore` that is not needed would fail."""


@pytest.fixture(scope="module")
def node_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the tarball and what it asks for."""
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text(json.dumps(NODE_PROJECT))
    npm = [str(ROOT / "clients" / "typescript" / "npm.sh"), "--prefix", str(folder), "install"]
    run([*npm, "--silent", "--no-audit", "--no-fund", package("trunkline-client-*.tgz")], folder)
    return folder


def test_the_npm_package_imports_and_has_the_version_of_the_release(node_project: Path) -> None:
    code = "import * as c from '@trunkline/client'; console.log(Object.keys(c).sort().join())"
    exported = run(["node", "--input-type=module", "-e", code], node_project).strip().split(",")
    assert {"Trunkline", "unwrap", "iterate", "verifyWebhook", "ApiError", "NoResponse"} <= set(exported)
    installed = json.loads((node_project / "node_modules/@trunkline/client/package.json").read_text())
    assert installed["version"] == VERSION


def test_the_typescript_code_of_the_readme_type_checks_strictly(node_project: Path) -> None:
    blocks = code_blocks("typescript", "ts")
    assert len(blocks) == 3
    for number, block in enumerate([*blocks, WRONG_TYPES]):
        (node_project / f"block_{number}.ts").write_text(block)
    (node_project / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT, "include": ["*.ts"]}))
    run(["node", str(NODE_MODULES / "typescript" / "bin" / "tsc"), "-p", "."], node_project)


WRONG_TYPES = """\
import type { Trunkline } from "@trunkline/client";

export async function wrong({ api }: Trunkline): Promise<void> {
  // @ts-expect-error: user_id is missing
  await api.POST("/api/v1/calls", { body: { workflow_slug: "w" } });
  // @ts-expect-error: there is no such status
  await api.GET("/api/v1/calls", { params: { query: { status: "done" } } });
}
"""


def test_the_typescript_clients_own_tests_pass() -> None:
    run([str(ROOT / "clients" / "typescript" / "npm.sh"), "test"], ROOT)
