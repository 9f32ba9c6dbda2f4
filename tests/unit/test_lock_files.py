"""Lock files: every package has a hash, and none names a registry."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from audit.dependencies import NPM_FOLDERS

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = sorted([*ROOT.glob("requirements/*.lock"), *ROOT.glob("layers/*/*.lock")])
NPM_LOCKS = [ROOT / folder / "package-lock.json" for folder in NPM_FOLDERS]


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=_name)
def test_each_python_package_is_one_version_with_hashes(lock: Path) -> None:
    packages = re.split(r"^(?=[a-z0-9])", lock.read_text(), flags=re.MULTILINE)[1:]
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9._-]+==\S+", package), package[:80]
        assert "--hash=sha256:" in package, package[:80]


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=_name)
def test_a_python_lock_names_no_address(lock: Path) -> None:
    assert re.findall(r"\S*://\S+|--\w*index-url\S*", lock.read_text()) == []


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=_name)
def test_each_npm_package_has_a_hash_and_no_address(lock: Path) -> None:
    packages = {name: each for name, each in json.loads(lock.read_text())["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
