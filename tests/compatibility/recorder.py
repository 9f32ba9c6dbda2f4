"""A pytest plugin that keeps one stored item of each shape that the chosen store tests write.

A shape is an item's kind with the names and types of its attributes, and the state of a call. The
tests run on the table in memory: `KEPT_ITEMS=items.json pytest -p tests.compatibility.recorder tests/store`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.compatibility.readers import kind_of
from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.memory_table import MemoryTable
from trunkline.storage.serialization import to_dynamodb

Shape = tuple[Any, ...]
ROOT = Path(__file__).parents[2]
SCENARIOS = Path(__file__).with_name("scenarios.txt")
IN_MOTO = "tests/store/test_batch_results.py"
"""Its conditions are of kinds that the table in memory does not know."""

_kept: dict[Shape, dict[str, Any]] = {}


def record(file: Path) -> None:
    """Run the chosen tests, and write what they stored.

    Raises:
        RuntimeError: a test failed; its message has the end of the output.
    """
    plugins = ["-p", "tests.compatibility.recorder", "-p", "no:xdist", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, "tests/store"],
        cwd=ROOT,
        env=environment | {"KEPT_ITEMS": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(ran.stdout[-3000:] + ran.stderr[-1000:])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the chosen tests, on the table in memory."""
    chosen = set(SCENARIOS.read_text().splitlines())
    others = [item for item in items if item.nodeid not in chosen]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item.nodeid in chosen]
    for item in items:
        if not item.nodeid.startswith(IN_MOTO):
            item.add_marker(pytest.mark.memory_table)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Keep what a test has stored."""
    fixtures = getattr(item, "funcargs", {})
    table, found = fixtures.get("table"), []
    if isinstance(table, MemoryTable):
        found = [to_dynamodb(stored) for stored in table.items.values()]
    elif table is not None:
        found = table._client.scan(TableName=TABLE_NAME)["Items"]
    for stored in found:
        _kept.setdefault(shape_of(stored), stored)
    yield


def pytest_sessionfinish() -> None:
    """Write what was kept, in an order that does not depend on the tests'."""
    ordered = [_kept[shape] for shape in sorted(_kept, key=repr)]
    Path(os.environ["KEPT_ITEMS"]).write_text(json.dumps(ordered, default=_hex) + "\n")


def shape_of(item: dict[str, Any]) -> Shape:
    """The kind of an item, a call's state, and the names and types of the attributes."""
    kind = kind_of(item["pk"]["S"], item["sk"]["S"])
    state = item["state"]["S"] if kind == ("C", "CALL") else ""
    return (kind, state, tuple(sorted(attributes_of(item))))


def attributes_of(item: dict[str, Any]) -> set[tuple[str, str]]:
    """The names and types of an item's attributes; names that are made of values, by their first word."""
    return {(name.partition(":")[0], next(iter(value))) for name, value in item.items()}


def _hex(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return bytes(getattr(value, "value", value)).hex()
