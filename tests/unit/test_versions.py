"""The version: in one place, shown by the command line, and in step with the changelog."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from trunkline_cli.main import app
from typer.testing import CliRunner

from local.config import ROOT

HERE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SECTION = re.compile(r"(\d+)\.(\d+)\.(\d+) \(\d{4}-\d{2}-\d{2}\)")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split("."))


def test_the_command_line_shows_the_version_of_the_project() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"trunkline {HERE}\n")
    assert metadata.version("trunkline") == HERE


def test_the_version_is_semantic() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", HERE)


def test_the_changelog_has_a_section_for_each_release_the_newest_first() -> None:
    titles = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [title for title in titles if title != "Unreleased"]
    assert titles[:1] in (["Unreleased"], released[:1])
    assert len(titles) - len(released) <= 1
    found = [SECTION.fullmatch(title) for title in released]
    assert all(found), released
    versions = [tuple(map(int, each.groups())) for each in found if each]
    assert versions == sorted(versions, reverse=True)
    assert all(version <= _numbers(HERE) for version in versions)


def test_no_other_file_fixes_the_version() -> None:
    """A second place would be forgotten at a release."""
    places = [ROOT / "package.json", ROOT / "layers/trunkline/python/trunkline/__init__.py", ROOT / "app.py"]
    assert not any(HERE in place.read_text() for place in places)
