"""Ids of the collected tests, by which pytest-xdist hands them out."""

from __future__ import annotations

from collections import Counter

import pytest
from _pytest.nodeid import NodeId


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test that schemathesis generates the id of its route: they would share the function's."""
    if item.parent is not None and not item.nodeid.endswith(item.name):
        item._id = NodeId.parse(f"{item.parent.nodeid}::{item.name}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group tests for `--dist loadgroup`, and refuse ids that two tests share: only one of them would run.

    pytest 9.2 does not read the attribute in which pytest-xdist 3.8 notes the group.
    """
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group and config.getoption("loadgroup", default=False) and "@" not in item.nodeid:
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")
    shared = [nodeid for nodeid, count in Counter(item.nodeid for item in items).items() if count > 1]
    if shared:
        raise pytest.UsageError(f"tests share an id: {shared}")
