"""Texts of the document that models do not have themselves, one file for each area of the API."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent
AREAS = ("calls", "definitions", "automation", "access", "agents", "payloads")


def _sections(name: str) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text())


def sections() -> Iterator[tuple[list[str], Mapping[str, str]]]:
    """Yield the schemas that each section of the areas' files is for, and its texts by field."""
    for area in AREAS:
        for schemas, texts in _sections(area).items():
            yield schemas.split(), texts


def _fields() -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the texts by schema and field.

    Raises:
        ValueError: two sections have a text for the same field.
    """
    known: set[tuple[str, str]] = set()
    for schemas, texts in sections():
        for key in ((schema, field) for schema in schemas for field in texts):
            if key in known:
                raise ValueError(f"{'.'.join(key)} has two texts")
            known.add(key)
            yield key, texts[key[1]]


COMMON_FIELDS = _sections("common")["fields"]
PARAMETERS = _sections("common")["parameters"]
SCHEMAS = _sections("schemas")["schemas"]
FIELDS = dict(_fields())


def field_text(schema: str, field: str) -> str:
    """Return the text of a field: its schema's own, else that of its name, else an empty one."""
    return FIELDS.get((schema, field)) or COMMON_FIELDS.get(field, "")
