"""The command line on a deployed stack, as a person types it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from trunkline_cli.main import app
from typer.testing import CliRunner

from local.config import ROOT
from local.stack import Stack

TRUNKLINE = ROOT / ".venv" / "bin" / "trunkline"


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


class Terminal:
    """Runs `trunkline …` against the local stack: in this process, for a new one takes a second to start."""

    def __init__(self, stack: Stack) -> None:
        self.environment = {
            **stack.config.aws_environment(),
            "PATH": os.environ["PATH"],
            "TRUNKLINE_STAGE": "local",
            "TRUNKLINE_API_URL": stack.config.api_url,
            "COLUMNS": "200",
        }

    def run(self, *words: str) -> Done:
        result = CliRunner().invoke(app, list(words), env=self.environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    def start(self, *words: str) -> Done:
        """Run it as a program of its own."""
        done = subprocess.run(
            [str(TRUNKLINE), *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def say(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def complain(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())
