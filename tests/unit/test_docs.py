"""The documentation: links lead somewhere, commands and examples are those that exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator
from trunkline_cli.main import app as command_line

ROOT = Path(__file__).resolve().parents[2]
_OPENAPI = json.loads((ROOT / "docs/openapi.json").read_text())
_GENERATED = {".venv", ".local", "node_modules", "cdk.out"}
_FOLDERS = [
    folder
    for folder in ROOT.iterdir()
    if folder.is_dir() and not folder.name.startswith(".") and folder.name not in _GENERATED
]
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in _FOLDERS for page in folder.rglob("*.md"))])
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
_FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _LINK.findall(_prose(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{_name(page)} links to {link}"
        assert not anchor or anchor in _anchors(target), f"{_name(page)} links to {link}: no such heading"


def test_each_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in _LINK.findall(_prose(ROOT / "README.md"))}
    unlinked = [_name(page) for page in (ROOT / "docs").glob("*.md") if page not in linked]
    assert unlinked == []


def test_each_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    missing = [page.name for page in (ROOT / "docs/adr").glob("0*.md") if f"({page.name})" not in index]
    assert missing == []


def test_each_page_that_the_code_names_exists() -> None:
    sources = (ROOT / folder for folder in ("layers", "functions", "infrastructure", "local", "cli", "agent"))
    named = {
        (name, _name(source))
        for folder in sources
        for source in folder.rglob("*.py")
        for name in re.findall(r"docs/[\w/.-]+\.md", source.read_text())
    }
    assert [pair for pair in sorted(named) if not (ROOT / pair[0]).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_trunkline_command_exists_with_its_options(page: Path) -> None:
    for line in _command_lines(page.read_text()):
        command = typer.main.get_command(command_line)
        words = shlex.split(line, comments=True)
        while hasattr(command, "commands"):
            assert words, f"{_name(page)}: {line}"
            assert words[0] in command.commands, f"{_name(page)}: {line}"
            command = command.commands[words.pop(0)]
        options = {name for parameter in command.params for name in parameter.opts}
        unknown = {word for word in words if word.startswith("--")} - options
        assert not unknown, f"{_name(page)}: {line}"


def _command_lines(text: str) -> Iterator[str]:
    joined = text.replace("\\\n", " ")
    yield from re.findall(r"^\s*\.venv/bin/trunkline (.+)$", joined, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_curl_example_is_a_request_that_the_api_takes(page: Path) -> None:
    for words in _curl_commands(page.read_text()):
        url = next((word for word in words if word.startswith("$API/api/")), None)
        if url is None:
            continue
        method = words[words.index("-X") + 1].lower() if "-X" in words else "get"
        operation = _operation(method, url.removeprefix("$API").partition("?")[0])
        assert operation, f"{_name(page)}: {method} {url}"
        if "-d" in words:
            _check_body(operation, words[words.index("-d") + 1], page)


def _curl_commands(text: str) -> Iterator[list[str]]:
    command = r"^\s*curl (.+?)(?=\n\s*(?:curl|#|```|\n))"
    for found in re.findall(command, text.replace("\\\n", " "), re.MULTILINE | re.DOTALL):
        yield shlex.split(found, comments=True)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """The OpenAPI operation that serves a path; a template's `{name}` stands for any one segment."""
    paths: dict[str, dict[str, Any]] = _OPENAPI["paths"]
    patterns = {re.sub(r"{\w+}", "[^/]+", template): operations for template, operations in paths.items()}
    served = (operations for pattern, operations in patterns.items() if re.fullmatch(pattern, path))
    return next((operations[method] for operations in served if method in operations), None)


def _check_body(operation: dict[str, Any], text: str, page: Path) -> None:
    body = json.loads((page.parent / text[1:]).read_text() if text.startswith("@") else text)
    if isinstance(body, dict) and body.get("agentId") == "$AGENT_ID":
        body["agentId"] = "00000000-0000-4000-8000-000000000000"
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator(schema | {"components": _OPENAPI["components"]}).validate(body)
