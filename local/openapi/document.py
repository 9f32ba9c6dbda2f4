"""Puts the routes and their models into one OpenAPI 3.1 document."""

from __future__ import annotations

import json
from typing import Any, NotRequired

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema
from typing_extensions import TypedDict

from local.config import ROOT
from local.openapi.route import REF
from local.openapi.routes import ROUTES
from trunkline.auth.sessions import COOKIE

FILE = ROOT / "docs" / "openapi.json"


_HEADERS = {
    "RateLimit": {
        "description": "Requests that the key has left in this minute, and seconds until the next: "
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
    """Every error's answer; `code` is the HTTP status."""

    error: ErrorBody


def document() -> dict[str, Any]:
    """Build the document."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route.operation_object()
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
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }


def _schemas() -> dict[str, Any]:
    bodies: set[type[BaseModel]] = {route.takes for route in ROUTES if route.takes}
    _, requests = models_json_schema(
        [(body, "validation") for body in sorted(bodies, key=lambda body: body.__name__)], ref_template=REF
    )
    schemas: dict[str, Any] = dict(requests["$defs"])
    for route in ROUTES:
        if route.takes and route.partial:
            whole = schemas[route.takes.__name__]
            schemas[route.body_schema] = {k: v for k, v in whole.items() if k != "required"} | {
                "title": route.body_schema
            }
    for answer in {Error, *(route.answers for route in ROUTES)}:
        schema = TypeAdapter(answer).json_schema(mode="serialization", ref_template=REF)
        for name, each in (schema.pop("$defs", {}) | {answer.__name__: schema}).items():
            if schemas.setdefault(name, each) != each:
                raise ValueError(f"two models are called {name}")
    return dict(sorted(schemas.items()))


def as_text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2) + "\n"
