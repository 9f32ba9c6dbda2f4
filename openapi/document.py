"""The OpenAPI 3.1 document: operations, models and security schemes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NotRequired

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema
from typing_extensions import TypedDict

from functions.api.routes import ROUTES as ROUTE_INDEX
from openapi.operation import REF, body_schema, operation
from trunkline.auth.principal import MODE_HEADER
from trunkline.auth.sessions import COOKIE

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
ROUTES = ROUTE_INDEX.all()

_HEADERS = {
    "RateLimit": {
        "description": "Requests that the key has left in this minute, and seconds until the next minute: "
        '`"key";r=599;t=42`. Absent where no key was found.',
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": 'Requests a minute: `"key";q=600;w=60`.',
        "schema": {"type": "string"},
    },
}


class ErrorBody(TypedDict):
    message: str
    code: int
    type: str
    request_id: str
    field: NotRequired[str]


class Error(TypedDict):
    """The body of every error response; `code` is the HTTP status."""

    error: ErrorBody


def document() -> dict[str, Any]:
    """Build the document."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline",
            "version": "1",
            "description": "One HTTPS request rings a phone, with a LiveKit agent on the line.",
        },
        "servers": [{"url": "https://{api}", "variables": {"api": {"default": "api.example.com"}}}],
        "security": [{"apiKey": []}, {"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": _security_schemes(),
            "headers": _HEADERS,
            "schemas": _schemas(),
        },
    }


def _security_schemes() -> dict[str, Any]:
    return {
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "bearer": {"type": "http", "scheme": "bearer"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": f"A request of a live key's session acts in test mode with `{MODE_HEADER}: test`.",
        },
    }


def _schemas() -> dict[str, Any]:
    schemas = _request_schemas()
    for model in dict.fromkeys([Error, *(route.response for route in ROUTES)]):
        schema = TypeAdapter(model).json_schema(mode="serialization", ref_template=REF)
        for name, definition in (schema.pop("$defs", {}) | {model.__name__: schema}).items():
            if schemas.setdefault(name, definition) != definition:
                raise ValueError(f"two models are called {name}")
    return dict(sorted(schemas.items()))


def _request_schemas() -> dict[str, Any]:
    """Return the schemas of the bodies; a body of changes has those of its model without required fields."""
    bodies: set[type[BaseModel]] = {body for route in ROUTES if (body := route.body or route.body_schema)}
    ordered = sorted(bodies, key=lambda body: body.__name__)
    _, definitions = models_json_schema([(body, "validation") for body in ordered], ref_template=REF)
    schemas: dict[str, Any] = dict(definitions["$defs"])
    changes = {
        body_schema(route): route.body_schema for route in ROUTES if route.changes and route.body_schema
    }
    for name, body in changes.items():
        if name in schemas:
            raise ValueError(f"two models are called {name}")
        whole = schemas[body.__name__]
        schemas[name] = {key: whole[key] for key in whole if key != "required"} | {"title": name}
    return schemas


def as_text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=2) + "\n"
