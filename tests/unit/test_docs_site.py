"""The documentation's site: pages, links, references, navigation, and what a built one is checked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from trunkline_cli.main import app
from typer.main import get_command

from docs_site import api_reference, cli_reference, llms
from docs_site.links import for_site, outside_of_code, place_of
from docs_site.navigation import navigation, paths_of
from docs_site.pages import ROOT, Page, all_pages
from docs_site.pictures import FOLDER, PICTURES
from docs_site.schema_tables import table_of, type_of
from docs_site.site_checks import faults
from trunkline.calls.states import State

OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return {page.path: page for page in all_pages()}


def test_the_navigation_has_each_page_once(pages: dict[str, Page]) -> None:
    named = list(paths_of(navigation(pages)))
    assert sorted(named) == sorted(pages), "docs_site/nav.yml names each page of docs/"


def test_each_page_has_a_title_and_a_first_sentence(pages: dict[str, Page]) -> None:
    without = [page.path for page in pages.values() if page.title == page.path or not page.description]
    assert without == []


def test_the_reference_has_each_operation_schema_and_event() -> None:
    made = dict(api_reference.pages())
    assert len(made) == len(api_reference.pages()), "two pages have the same path"
    text = "\n".join(made.values())
    operations = [each["operationId"] for methods in OPENAPI["paths"].values() for each in methods.values()]
    names = [*operations, *OPENAPI["components"]["schemas"], *OPENAPI["webhooks"]]
    assert [name for name in names if f" {{ #{name} }}" not in text] == []


def _commands(command: Any, name: str) -> list[str]:
    below = getattr(command, "commands", {})
    return (
        [name] if not below else [each for word in below for each in _commands(below[word], f"{name} {word}")]
    )


def test_the_reference_has_each_command_with_its_options() -> None:
    text = cli_reference.page()
    assert [name for name in _commands(get_command(app), "trunkline") if f"\n## {name}\n" not in text] == []
    assert "| `PHONE-NUMBER` | **required** Phone number (E.164). |" in text
    assert "| `--local` | Work on the local stack of `make run`. |  |" in text
    assert "| `--webhook-events` | Deliveries of webhooks for each call. | `0` |" in text
    assert "| `--url` | URL of the API. Default: the URL of the stage. |  |" in text


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"$ref": "#/components/schemas/CallView"}, "[CallView](schemas.md#CallView)"),
        ({"type": "string", "maxLength": 200}, "string, at most 200 characters"),
        ({"type": "string", "format": "uuid"}, "string (uuid)"),
        ({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}, "integer, ≥ 0 or null"),
        ({"type": "array", "items": {"enum": ["a", "b"], "type": "string"}}, "list of `a`, `b`"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({"const": "answered"}, "`answered`"),
        ({}, "any JSON value"),
    ],
)
def test_types_are_said_in_words(schema: dict[str, Any], text: str) -> None:
    assert type_of(schema) == text


def test_a_bar_in_a_cell_is_no_border() -> None:
    assert table_of(["a"], [["x|y"]]) == "| a |\n| --- |\n| x\\|y |"


@pytest.mark.parametrize(
    ("origin", "link", "in_site"),
    [
        ("docs/calls.md", "phone-calls.md#fields", "phone-calls.md#fields"),
        ("docs/guides/campaign.md", "../batches.md", "../batches.md"),
        ("docs/guides/campaign.md", "../../examples/campaign", "../examples/campaign.md"),
        ("docs/upgrade.md", "../CHANGELOG.md", "project/changelog.md"),
        ("CHANGELOG.md", "docs/calls.md#follow-a-list", "../calls.md#follow-a-list"),
        ("examples/cron/README.md", "../../docs/schedules.md", "../schedules.md"),
        ("examples/cron/README.md", "../campaign", "campaign.md"),
        ("docs/clients.md", "../clients/python/README.md", "project/clients-python.md"),
        ("docs/calls.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("docs/calls.md", "#fields", "#fields"),
    ],
)
def test_links_lead_to_the_same_page_in_the_site(origin: str, link: str, in_site: str) -> None:
    text, _ = for_site(f"see [it]({link}).", origin, lambda path: (ROOT / path).is_dir())
    assert text == f"see [it]({in_site})."


def test_code_and_marks_are_not_links() -> None:
    text = "<!-- run prints: x -->\n```bash\necho [a](../b.md)\n```\n"
    assert for_site(text, "docs/calls.md", lambda _: False) == ("```bash\necho [a](../b.md)\n```\n", set())
    assert (
        outside_of_code("a\n```\na\n```\na\n", lambda prose: prose.replace("a", "b")) == "b\n```\na\n```\nb\n"
    )


def test_pages_outside_of_docs_have_a_place() -> None:
    assert place_of("agent/README.md") == "project/agent.md"
    assert place_of("agent/CHANGELOG.md") == "project/agent-CHANGELOG.md"


def test_the_index_for_programs_has_each_page(pages: dict[str, Page]) -> None:
    entries = navigation(pages)
    index, everything = llms.index(entries, pages), llms.everything(entries, pages)
    assert [path for path in pages if f"]({path}): " not in index] == []
    assert [path for path, page in pages.items() if page.text.strip() not in everything] == []


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_those_of_the_code(name: str) -> None:
    assert (FOLDER / name).read_text() == PICTURES[name](), "run make pictures"
    ET.fromstring(PICTURES[name]())  # noqa: S314 - our own words


def test_the_picture_of_a_calls_life_has_each_state() -> None:
    drawn = PICTURES["call-life.svg"]()
    assert [state for state in State if f">{state}</text>" not in drawn] == []


def site_of(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_a_site_whose_links_lead_somewhere_has_no_fault(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        index__html='<h1 id="top"></h1><a href="a.html#b">a</a><a href="#top"></a><a href="https://example.com">x</a>',
        a__html='<p id="b"><img src="data:image/png;base64,x"><link rel="canonical" href="https://example.com/">',
    )
    assert faults(site) == []


@pytest.mark.parametrize(
    "fault",
    [
        '<a href="missing.html">',
        '<a href="#missing">',
        '<img src="missing.png">',
        '<script src="https://cdn.example.com/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.com/x.css">',
        '<link rel="preconnect" href="https://fonts.example.com">',
        '<iframe src="https://example.com"></iframe>',
    ],
)
def test_a_link_to_nowhere_and_a_file_of_another_host_are_found(tmp_path: Path, fault: str) -> None:
    assert len(faults(site_of(tmp_path, index__html=fault))) == 1


@pytest.mark.parametrize("text", ["some text\n- a list", "text\n2. second", "text\n| a | b |", "[a](b.md)"])
def test_markdown_that_was_not_read_is_found(tmp_path: Path, text: str) -> None:
    page = "<article><p>as <code>[a](b)</code> said</p><pre>\n- code</pre>{}</article>"
    assert faults(site_of(tmp_path, index__html=page.format("<p>fine</p>"))) == []
    assert len(faults(site_of(tmp_path, index__html=page.format(f"<p>{text}</p>")))) == 1


def test_a_style_sheet_that_loads_from_another_host_is_found(tmp_path: Path) -> None:
    style = "@font-face{src:url('https://fonts.example.com/x.woff')} a{background:url(data:x)}"
    assert len(faults(site_of(tmp_path, a__css=style))) == 1
