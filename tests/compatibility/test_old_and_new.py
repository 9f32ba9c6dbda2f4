"""An old and a new version side by side on one table: each reads what the other wrote (`docs/upgrade.md`)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.compatibility.readers import MESSAGES, READERS, kind_of, plain, read_items
from tests.compatibility.recorder import ROOT, attributes_of, record
from trunkline.calls.states import State

RELEASE = Path(__file__).with_name("release")
Items = list[dict[str, Any]]
NEWER = "from_a_newer_version"
_REFRESH = (
    "If the change is meant, see docs/upgrade.md; if a test of scenarios.txt was renamed, rename it there."
)


def _kept(name: str) -> Any:
    return json.loads((RELEASE / name).read_text())


@pytest.fixture(scope="module")
def kept() -> Items:
    """One stored item of each shape that the last release wrote."""
    return list(_kept("items.json"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Items:
    """One stored item of each shape that this version writes in the same scenarios."""
    file = tmp_path_factory.mktemp("written") / "items.json"
    record(file)
    return list(json.loads(file.read_text()))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last release."""
    commit = (RELEASE / "COMMIT").read_text().strip()
    folder = tmp_path_factory.mktemp("release")
    parts = ["layers/trunkline/python", "tests/__init__.py", "tests/support"]
    archive = subprocess.run(
        ["git", "archive", commit, *parts],  # noqa: S607 - git of the path, as everywhere
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode != 0:
        pytest.skip(f"this clone does not have the last release, {commit}: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    (folder / "tests" / "compatibility").mkdir()
    (folder / "tests" / "compatibility" / "__init__.py").touch()
    reader = (RELEASE / "readers.py").read_text()
    (folder / "tests" / "compatibility" / "readers.py").write_text(reader)
    return folder


def by_kind(items: Items) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """The attributes of each kind of item, with their types."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for item in items:
        kind = kind_of(item["pk"]["S"], item["sk"]["S"])
        found.setdefault(kind, set()).update(attributes_of(item))
    return found


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Where a newer version's result lacks or changes what the older one's has; what it adds is no matter."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name, value in old.items():
            if name not in new:
                yield f"{path}.{name} is gone"
            else:
                yield from differences(value, new[name], f"{path}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif old != new:
        yield f"{path} is {new!r}, was {old!r}"


def test_what_is_kept_is_of_every_kind_and_every_state_of_a_call(kept: Items) -> None:
    kinds = set(by_kind(kept))
    assert set(READERS) - kinds == set(), "kinds that something reads, and none is kept of"
    calls = [item for item in kept if kind_of(item["pk"]["S"], item["sk"]["S"]) == ("C", "CALL")]
    assert {call["state"]["S"] for call in calls} == {*State}


def test_this_version_reads_what_the_last_release_wrote(kept: Items) -> None:
    read, expected = read_items(kept), _kept("results.json")
    assert list(differences(expected, read)) == []


def test_the_results_are_of_items_that_could_be_read() -> None:
    failed = [
        value for value in _kept("results.json").values() if isinstance(value, str) and "Error" in value
    ]
    assert failed == []


def test_this_version_ignores_what_a_newer_one_will_add(kept: Items) -> None:
    """Also inside of an attribute: the version that is written next is read by this one during its shift."""
    assert list(differences(read_items(kept), read_items([_with_more(item) for item in kept]))) == []


def _with_more(value: Any, *, top: bool = True) -> Any:
    """An item with one attribute more, and one more in each of its maps whose names are fields."""
    if top:
        return {name: _with_more(each, top=False) for name, each in value.items()} | {NEWER: {"S": "x"}}
    if "L" in value:
        return {"L": [_with_more(each, top=False) for each in value["L"]]}
    if "M" in value and value["M"] and all(name.isidentifier() and name.islower() for name in value["M"]):
        return {"M": _with_more(value["M"])}
    return value


def test_this_version_writes_every_attribute_that_the_last_release_read(kept: Items, written: Items) -> None:
    old, new = by_kind(kept), by_kind(written)
    gone = {kind: attributes - new.get(kind, set()) for kind, attributes in old.items()}
    assert {kind: missing for kind, missing in gone.items() if missing} == {}, _REFRESH


def test_the_last_release_reads_what_this_version_writes(written: Items, release: Path) -> None:
    paths = [str(release), str(release / "layers/trunkline/python")]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.compatibility.readers"],
        cwd=release,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        input=json.dumps(written),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert list(differences(json.loads(ran.stdout), read_items(written))) == []


@pytest.mark.parametrize("name", MESSAGES)
def test_this_version_reads_messages_and_inputs_of_the_last_release(name: str) -> None:
    assert name in MESSAGES
    for message in _kept("messages.json")[name]:
        assert list(differences(message["read"], plain(MESSAGES[name](message["text"])))) == []
