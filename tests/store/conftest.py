"""Fixtures of the store tests; their coroutines run in virtual time."""

from __future__ import annotations

import inspect

import pytest

from tests.store.fixtures_auth import auth
from tests.store.fixtures_batches import batches
from tests.store.fixtures_dialer import dialer, dialer_table
from tests.store.fixtures_dynamodb import any_table, aws, calls, dynamodb, table
from tests.store.fixtures_events import feed
from tests.store.fixtures_outbound import outbound
from tests.store.fixtures_reconciler import reconciler
from tests.store.fixtures_schedules import schedules
from tests.store.fixtures_tool_calls import tool_calls
from tests.store.fixtures_webhooks import webhooks

IDLE_TIMEOUT_S = 10
"""A test whose tasks all wait, and none of them for a timer, fails after this long."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every coroutine of this folder an event loop whose time starts at 0 and only sleeps move."""
    for item in items:
        work = getattr(item, "obj", None)
        if "tests/store" in item.path.as_posix() and inspect.iscoroutinefunction(work):
            item.add_marker(pytest.mark.looptime(start=0, idle_timeout=IDLE_TIMEOUT_S))
