"""JSON schemas of the OpenAPI document as tables in Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_PAGE = re.compile(r"`docs/([\w/-]+)\.md`")
_BOUNDS = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
}

Json = dict[str, Any]


def code(text: object) -> str:
    """Return a word as code."""
    return f"`{text}`"


def link_pages(text: str) -> str:
    """Return a text of the document with links to the pages that it names."""
    return _PAGE.sub(r"[\1](../\1.md)", text)


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar in a cell is no border."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def type_of(schema: Json) -> str:
    """Return the type of a value in words, with its bounds."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](schemas.md#{name})"
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(map(type_of, options)))
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        return ", ".join(code(value) for value in schema["enum"])
    return _plain(schema) + _bounds(schema)


def _plain(schema: Json) -> str:
    kind = schema.get("type", "any JSON value")
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_of(schema['additionalProperties'])}"
    name = " or ".join(kind) if isinstance(kind, list) else kind
    return f"{name} ({schema['format']})" if "format" in schema else str(name)


def _bounds(schema: Json) -> str:
    return "".join(", " + text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema)


def schema_section(name: str, schema: Json) -> str:
    """Return the section of one schema: its text, and its fields in a table."""
    parts = [f"## {name} {{ #{name} }}"]
    if "description" in schema:
        parts.append(link_pages(schema["description"]))
    required = set(schema.get("required", ()))
    rows = [
        [code(field), type_of(below), "required" if field in required else "", _meaning(below)]
        for field, below in schema.get("properties", {}).items()
    ]
    parts.append(table_of(["Field", "Type", "", "Meaning"], rows) if rows else type_of(schema))
    return "\n\n".join(parts)


def _meaning(schema: Json) -> str:
    return " ".join(link_pages(schema.get("description", "")).split())
