"""`.ci/run`: all steps run; the first that fails ends the run and is shown, also one in the background."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.polling import poll

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = {
    "setup",
    "lint-style",
    "lint-types",
    "lint-audits",
    "synth STAGE=prod",
    "docs",
    "test",
    "test-livekit",
    "test-clients",
}
FAKE = """#!/usr/bin/env bash
echo "$*" >> steps
if [ "$*" = "$(cat hangs)" ]; then echo $$ > sleeper; exec sleep 600; fi
echo "output of $*"
if [ "$*" = "$(cat fails)" ]; then
  until [ -z "$(cat hangs)" ] || [ -s sleeper ]; do sleep 0.05; done
  exit 3
fi
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run it in a folder in which `make` only notes its targets; one of them may fail, or go on for ever."""
    for name, text in {".ci/run": (ROOT / ".ci" / "run").read_text(), "bin/make": FAKE}.items():
        _program(tmp_path / name, text)

    def start(*, fails: str = "", hangs: str = "") -> subprocess.CompletedProcess[str]:
        (tmp_path / "fails").write_text(fails)
        (tmp_path / "hangs").write_text(hangs)
        path = f"{tmp_path / 'bin'}:{Path(shutil.which('bash') or '').parent}:/usr/bin:/bin"
        return subprocess.run(
            [tmp_path / ".ci" / "run"], env={"PATH": path}, capture_output=True, text=True, check=False
        )

    return start


def _program(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def steps_of(folder: Path) -> list[str]:
    return (folder / "steps").read_text().splitlines()


def test_all_steps_run_once_and_are_shown(run: Run, tmp_path: Path) -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(steps_of(tmp_path)) == sorted(STEPS)
    assert all(f"output of {step}\n" in done.stdout for step in STEPS)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_step_that_fails_fails_the_run_and_is_shown(run: Run, step: str) -> None:
    done = run(fails=step)
    assert done.returncode != 0
    assert done.stdout.endswith(f"output of {step}\n"), "the last that is shown"


def test_a_step_in_the_background_that_fails_is_named(run: Run) -> None:
    assert run(fails="lint-types").stderr == "== lint-types FAILED (3)\n"


def test_nothing_goes_on_after_a_failure(run: Run, tmp_path: Path) -> None:
    done = run(hangs="lint-types", fails="lint-style")
    assert done.returncode != 0
    assert "test" not in steps_of(tmp_path)
    sleeper = int((tmp_path / "sleeper").read_text())
    poll(lambda: _has_ended(sleeper), bool, timeout_s=60)


def _has_ended(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
