"""The doctor on the local stack."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from trunkline_cli.main import app
from typer.testing import CliRunner

from local.stack import Stack


def test_the_doctor_finds_the_local_stack_well(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other tests may have left dead letters, or trunks that LiveKit does not know."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(stack.file()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    result = CliRunner().invoke(app, ["doctor", "--local", "--json"])
    statuses = {check["name"]: check["status"] for check in json.loads(result.stdout)["checks"]}
    skipped = {"quotas", "drift", "webhook-arrivals", "alarms", "alarm-subscribers"}
    left_behind = {"dead-letters", "livekit-trunks"}
    assert {name for name, status in statuses.items() if status == "skipped"} == skipped, result.stdout
    assert {name for name, status in statuses.items() if status not in ("ok", "skipped")} <= left_behind, (
        result.stdout
    )
    assert result.exit_code == int("fail" in statuses.values())
    assert stack.config.livekit[2] not in result.stdout
