"""The OpenAPI 3.1 document: operations, models and security schemes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NotRequired

from typing_extensions import TypedDict

from functions.agent_api.routes import ROUTES as AGENT_ROUTE_INDEX
from functions.api.routes import ROUTES as ROUTE_INDEX
from openapi import webhooks
from openapi.examples import error_examples, example_of
from openapi.operation import AGENTS_SCHEME, operation, shared_errors
from openapi.schemas import schemas_of
from openapi.tags import TAGS, tag_of
from trunkline.auth.principal import MODE_HEADER
from trunkline.auth.sessions import COOKIE
from trunkline.http_api.routing import Route

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
ROUTES = ROUTE_INDEX.all()
AGENT_ROUTES = AGENT_ROUTE_INDEX.all()
_ALL_ROUTES = [*ROUTES, *AGENT_ROUTES]

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
    for route in _ALL_ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route)
    all_schemas = schemas_of(_ALL_ROUTES, [Error, *webhooks.MODELS])
    all_schemas |= webhooks.event_schemas(all_schemas)
    schemas = {name: all_schemas[name] for name in sorted(all_schemas) if name not in webhooks.COMMON_SCHEMAS}
    used = {tag_of(route) for route in _ALL_ROUTES}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline",
            "version": "1",
            "description": "One HTTPS request rings a phone, with a LiveKit agent on the line.",
        },
        "servers": [{"url": "https://{api}", "variables": {"api": {"default": "api.example.com"}}}],
        "security": [{"apiKey": []}, {"bearer": []}, {"session": []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items() if name in used],
        "paths": paths,
        "webhooks": webhooks.webhooks(all_schemas),
        "components": {
            "securitySchemes": _security_schemes(),
            "headers": _HEADERS,
            "responses": shared_errors(),
            "schemas": schemas,
            "examples": _examples(_ALL_ROUTES, schemas),
        },
    }


def _examples(routes: Iterable[Route], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the examples of all responses by the names of their schemas, and those of errors by status."""
    answers = {name: example_of(name, schemas) for name in {route.response.__name__ for route in routes}}
    return {name: {"value": value} for name, value in sorted((answers | error_examples()).items())}


def _security_schemes() -> dict[str, Any]:
    return {
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
        AGENTS_SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A LiveKit token of kind `agent` for the room of the call: `docs/agent-api.md`.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": f"A request of a live key's session acts in test mode with `{MODE_HEADER}: test`.",
        },
    }


def as_text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=2) + "\n"
