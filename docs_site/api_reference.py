"""The API's reference: a page for each tag of `docs/openapi.json`, one of its schemas and one of webhooks.

Redoc, Scalar and the like are not used: Redoc's bundle requests a picture from its maker's host
(https://github.com/Redocly/redoc/issues/2141), and neither is found by the site's search.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs_site.schema_tables import code, link_pages, schema_section, table_of, type_of

_FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
_FIRST_ERROR = 400

Json = dict[str, Any]


def pages() -> list[tuple[str, str]]:
    """Return the pages by their paths in the site."""
    document: Json = json.loads(_FILE.read_text())
    tags = [(page_of(tag["name"]), _tag_page(document, tag)) for tag in document["tags"]]
    return [
        *tags,
        ("api/webhook-bodies.md", _webhooks_page(document)),
        ("api/schemas.md", _schemas_page(document)),
    ]


def page_of(tag: str) -> str:
    """Return the path of a tag's page."""
    return f"api/{tag.lower().replace(' ', '-')}.md"


def _tag_page(document: Json, tag: Json) -> str:
    parts = [f"# {tag['name']}", link_pages(tag["description"])]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["tags"] == [tag["name"]]:
                parts += _operation(document, method, path, operation)
    return "\n\n".join(parts) + "\n"


def _operation(document: Json, method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"## {operation['summary'].rstrip('.')} {{ #{operation['operationId']} }}"
    yield f"```http\n{method.upper()} {path}\n```"
    if "description" in operation:
        yield link_pages(operation["description"])
    if parameters := operation.get("parameters"):
        rows = [
            [
                code(each["name"]),
                each["in"],
                type_of(each["schema"]),
                _needed(each),
                link_pages(each["description"]),
            ]
            for each in parameters
        ]
        yield table_of(["Parameter", "In", "Type", "", "Meaning"], rows)
    if body := operation.get("requestBody"):
        yield from _content(document, "**Body**", body["content"])
    for status, response in operation["responses"].items():
        yield from _response(document, status, response)
    yield _errors(document, operation)


def _needed(parameter: Json) -> str:
    return "required" if parameter["required"] else ""


def _response(document: Json, status: str, response: Json) -> Iterator[str]:
    """Yield a response that is no error."""
    response = _resolved(document, response)
    if int(status) < _FIRST_ERROR:
        about = f"**Response {status}**: {link_pages(response['description'])}"
        yield from _content(document, about, response.get("content", {}))


def _content(document: Json, about: str, content: Json) -> Iterator[str]:
    if not content:
        yield about
    for kind, media in content.items():
        yield f"{about.rstrip('.')} ({code(kind)}), {type_of(media['schema'])}"
        if example := _example(document, media):
            yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```"


def _example(document: Json, media: Json) -> Any:
    if "example" in media:
        return media["example"]
    named: Json = next(iter(media.get("examples", {}).values()), {})
    return _resolved(document, named).get("value")


def _errors(document: Json, operation: Json) -> str:
    rows = [
        [status, link_pages(_resolved(document, response)["description"])]
        for status, response in operation["responses"].items()
        if int(status) >= _FIRST_ERROR
    ]
    return f"**Errors** ([all types](../errors.md))\n\n{table_of(['Status', 'When'], rows)}"


def _resolved(document: Json, value: Json) -> Json:
    found = document if "$ref" in value else value
    for name in value.get("$ref", "").split("/")[1:]:
        found = found[name]
    return found


def _webhooks_page(document: Json) -> str:
    parts = [
        "# Webhook bodies",
        "The requests that your [webhooks](../webhooks.md) receive, with the body of each event.",
    ]
    for name, methods in document["webhooks"].items():
        operation = methods["post"]
        parts += [f"## {name} {{ #{name} }}", link_pages(operation["summary"])]
        parts += _content(document, "**Body**", operation["requestBody"]["content"])
    return "\n\n".join(parts) + "\n"


def _schemas_page(document: Json) -> str:
    schemas = document["components"]["schemas"]
    parts = ["# Schemas", "The objects of requests and responses, by name."]
    return "\n\n".join([*parts, *(schema_section(name, schemas[name]) for name in schemas)]) + "\n"
