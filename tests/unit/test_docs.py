"""The documentation: links, paths, commands and requests of its pages exist, and routes name their fields."""

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

from tests.support.pages import CODE, ROOT
from trunkline.core.metadata import MAX_METADATA_BYTES
from trunkline.workflows.join_window import DEFAULT_JOIN_WINDOW_S

PRODUCT = ROOT / "layers" / "trunkline" / "python" / "trunkline"
_OPENAPI = json.loads((ROOT / "docs/openapi.json").read_text())
_GENERATED = {".venv", ".local", "node_modules", "cdk.out"}
_FOLDERS = [
    folder
    for folder in ROOT.iterdir()
    if folder.is_dir() and not folder.name.startswith(".") and folder.name not in _GENERATED
]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(page for folder in _FOLDERS for page in folder.rglob("*.md") if "node_modules" not in page.parts),
    ]
)
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
_PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*(/|/[\w.*-]+\.(py|md|sh|json|toml|svg|csv|yaml))")
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


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_path_that_a_page_names_exists(page: Path) -> None:
    for path in filter(_looks_like_a_path, CODE.findall(_prose(page))):
        places = (ROOT, PRODUCT, page.parent)
        assert any(list(place.glob(path.rstrip("/"))) for place in places), f"{_name(page)} names {path}"


def _looks_like_a_path(text: str) -> bool:
    return bool(_PATH.fullmatch(text)) and text.split("/", maxsplit=1)[0] not in _GENERATED


@pytest.mark.parametrize(("index", "pages"), [("README.md", "*.md"), ("guides/README.md", "guides/*.md")])
def test_each_page_is_linked_from_the_index_of_its_folder(index: str, pages: str) -> None:
    home = ROOT / "docs" / index
    linked = {(home.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(_prose(home))}
    unlinked = [_name(page) for page in (ROOT / "docs").glob(pages) if page not in linked | {home}]
    assert unlinked == []


def test_the_readme_leads_to_the_documentation() -> None:
    assert "docs/README.md" in _LINK.findall(_prose(ROOT / "README.md"))


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
        while words and words[0].startswith("--"):
            assert words.pop(0) in {name for parameter in command.params for name in parameter.opts}
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


@pytest.mark.parametrize(
    ("page", "method", "path"),
    [
        ("phone-calls.md", "post", "/api/v1/calls/outbound"),
        ("phone-calls.md", "post", "/api/v1/calls/schedule"),
        ("calls.md", "post", "/api/v1/calls"),
        ("calls.md", "post", "/api/v1/calls/test-agent"),
        ("calls.md", "post", "/api/v1/workflows"),
        ("calls.md", "post", "/api/v1/agents"),
        ("batches.md", "post", "/api/v1/batches"),
        ("schedules.md", "post", "/api/v1/schedules"),
        ("triggers.md", "post", "/api/v1/triggers"),
        ("tools.md", "post", "/api/v1/tools"),
        ("tools.md", "post", "/api/v1/secrets"),
        ("webhooks.md", "post", "/api/v1/webhooks"),
        ("rules.md", "post", "/api/v1/suppressions"),
        ("rules.md", "put", "/api/v1/number-rules"),
        ("trunks.md", "patch", "/api/v1/trunks/{trunk_id}"),
        ("access.md", "post", "/api/v1/api-keys"),
        ("calls.md", "get", "/api/v1/calls"),
        ("calls.md", "get", "/api/v1/calls/{call_id}"),
        ("trunks.md", "get", "/api/v1/trunks/{trunk_id}"),
        ("access.md", "get", "/api/v1/limits"),
        ("access.md", "get", "/api/v1/audit"),
        ("webhooks.md", "get", "/api/v1/webhooks/{webhook_id}/deliveries"),
    ],
)
def test_each_field_of_a_route_is_on_its_page(page: str, method: str, path: str) -> None:
    words = set(re.findall(r"\w+", (ROOT / "docs" / page).read_text()))
    assert _fields(_OPENAPI["paths"][path][method]) - words == set()


def _fields(operation: dict[str, Any]) -> set[str]:
    """What a client sends; of a read without a list of its own, also what it gets."""
    sent = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    body = operation.get("requestBody", {}).get("content", {})
    answer = {} if body else operation["responses"].get("200", {}).get("content", {})
    for content in (*body.values(), *answer.values()):
        properties = _properties(content["schema"])
        if "next_cursor" not in properties:
            sent |= {*properties, *_properties(properties.get("data", {}))}
    return sent


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = (_OPENAPI["components"]["schemas"][name] if name else schema).get(
        "properties", {}
    )
    return found


def test_pages_have_the_metadata_limit_and_the_join_window_of_the_code() -> None:
    for page in ("phone-calls.md", "calls.md"):
        assert f"{MAX_METADATA_BYTES // 1024} KB" in _row(page, "metadata")
    assert f"| {DEFAULT_JOIN_WINDOW_S} |" in _row("calls.md", "join_window_s")


def _row(page: str, field: str) -> str:
    """The first row of a page's tables that describes a field."""
    text = (ROOT / "docs" / page).read_text()
    return next(line for line in text.splitlines() if line.startswith(f"| `{field}` |"))
