"""Schemas of the document: those of the models, with texts, formats and closed sets of values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from openapi.operation import REF, body_schema
from openapi.texts import SCHEMAS, field_text
from openapi.values import refine
from trunkline.http_api.routing import Route

Schemas = dict[str, Any]


def schemas_of(routes: Iterable[Route], models: Iterable[type]) -> Schemas:
    """Return the schemas of the bodies and responses of some routes, and of other models, by name.

    Raises:
        ValueError: two models have the same name.
    """
    routes = list(routes)
    schemas = _request_schemas(routes)
    for model in dict.fromkeys([*models, *(route.response for route in routes)]):
        schema = TypeAdapter(model).json_schema(mode="serialization", ref_template=REF)
        _merge(schemas, schema.pop("$defs", {}) | {model.__name__: schema})
    for name, schema in schemas.items():
        _describe(name, schema)
    return dict(sorted(schemas.items()))


def _merge(schemas: Schemas, others: Schemas) -> None:
    for name, definition in others.items():
        if schemas.setdefault(name, definition) != definition:
            raise ValueError(f"two models are called {name}")


def _request_schemas(routes: list[Route]) -> Schemas:
    """Return the schemas of the bodies; a body of changes has those of its model without required fields."""
    bodies: set[type[BaseModel]] = {body for route in routes if (body := route.body or route.body_schema)}
    ordered = sorted(bodies, key=lambda body: body.__name__)
    _, definitions = models_json_schema([(body, "validation") for body in ordered], ref_template=REF)
    schemas: Schemas = dict(definitions["$defs"])
    changed = {
        body_schema(route): route.body_schema for route in routes if route.changes and route.body_schema
    }
    for name, body in changed.items():
        if name in schemas:
            raise ValueError(f"two models are called {name}")
        schemas[name] = _as_change(name, body.__name__, schemas[body.__name__])
    return schemas


def _as_change(name: str, whole_name: str, whole: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a body of changes: nothing is required, and what is omitted stays as it is."""
    fields = {
        field: {"description": field_text(whole_name, field)}
        | {key: value[key] for key in value if key != "default"}
        for field, value in whole["properties"].items()
    }
    text = f"Fields of `{whole_name}` to change; omitted ones stay as they are."
    rest = {key: whole[key] for key in whole if key != "required"}
    return rest | {"title": name, "description": text, "properties": fields}


def _describe(name: str, schema: dict[str, Any]) -> None:
    paragraphs = schema.get("description", SCHEMAS.get(name, "")).split("\n\n")
    schema["description"] = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    for field, value in schema.get("properties", {}).items():
        value.pop("title", None)
        text = value.get("description") or field_text(name, field)
        value["description"] = " ".join([text, *_default_text(value)])
        refine(name, field, value)


def _default_text(value: dict[str, Any]) -> list[str]:
    """Take the default of a field out of its schema and return it as a sentence, if it says something.

    Generators of clients take a field with a default for one that is always there: a request without it
    would not compile. Source: https://openapi-ts.dev/cli, `--default-non-nullable`.
    """
    default = value.pop("default", None)
    if default in (None, "", [], {}) or "Default" in value.get("description", ""):
        return []
    return [f"Default: `{default if isinstance(default, str) else json.dumps(default)}`."]
