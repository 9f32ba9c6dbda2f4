"""The tests of the dashboard's own sources, run by its own runner."""

from __future__ import annotations

import subprocess

from infrastructure.assets import ROOT


def test_the_dashboards_own_tests_pass() -> None:
    command = [str(ROOT / "dashboard" / "npm.sh"), "run", "--silent", "test"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
