"""The template of each stage, synthesized once for all workers of pytest-xdist."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infrastructure.settings import StageSettings, stage_settings
from tests.infrastructure.templates import STAGES, synthesize

Synthesized = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def empty_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layer with next to nothing in it."""
    folder = tmp_path_factory.mktemp("layer")
    (folder / "python").mkdir()
    (folder / "python" / "empty.txt").write_text("x")
    return folder


@pytest.fixture(scope="session")
def synthesized(
    tmp_path_factory: pytest.TempPathFactory, empty_layer: Path, request: pytest.FixtureRequest
) -> Synthesized:
    """Read the template of a stage: a synthesis takes 5 s of CPU."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if hasattr(request.config, "workerinput") else base

    @cache
    def template(stage: str) -> dict[str, Any]:
        file = folder / f"template-{stage}.json"
        with (folder / f"template-{stage}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(synthesize(stage, empty_layer)))
        return dict(json.loads(file.read_text()))

    return template


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def template(stage: str, synthesized: Synthesized) -> dict[str, Any]:
    return synthesized(stage)


@pytest.fixture
def settings(stage: str) -> StageSettings:
    return stage_settings(stage)


@pytest.fixture(params=[stage for stage in STAGES if stage != "local"])
def on_aws(request: pytest.FixtureRequest, synthesized: Synthesized) -> dict[str, Any]:
    """The template of each stage on AWS; the local one lacks what the emulator refuses."""
    return synthesized(request.param)
