"""The deployed stack that all tests share, and their turns at it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local.stack import Stack, local_stack
from tests.support.shared_stack import FOLDER, config_for_stack_tests, shared_stack, stop_shared_stack
from tests.support.turns import turn


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process is one of pytest-xdist's workers."""
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack of this run; pytest-xdist's workers share one."""
    if is_worker(request.config):
        with shared_stack(os.getppid()) as shared:
            yield shared
    else:
        with local_stack(config_for_stack_tests(), lambda _: None) as own:
            yield own


@pytest.fixture(autouse=True)
def its_turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests marked `alone` use the stack while no other test does: they change how it behaves for all."""
    alone = request.node.get_closest_marker("alone") is not None
    if is_worker(request.config):
        with turn(FOLDER, alone=alone):
            yield
    else:
        yield


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the stack down with pytest's main process."""
    if not is_worker(session.config):
        stop_shared_stack(os.getpid())
