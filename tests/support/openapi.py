"""Check of the API's answers against the OpenAPI document."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from openapi.document import document as new_document

_DOCUMENT = "urn:openapi"


@cache
def document() -> dict[str, Any]:
    """Make the document once: it takes a second."""
    return new_document()


@dataclass(frozen=True)
class _Path:
    """One path of the document; `responses` are by method, then by status."""

    pattern: re.Pattern[str]
    responses: dict[str, dict[str, Any]]


@cache
def _paths() -> tuple[_Path, ...]:
    """The document's paths, the most literal first: `/calls/{call_id}` fits `/calls/outbound`, too."""
    found = sorted(document()["paths"].items(), key=lambda item: str(item[0]).count("{"))
    return tuple(
        _Path(
            re.compile(re.sub(r"{\w+}", "[^/]+", path)),
            {method: operation["responses"] for method, operation in methods.items()},
        )
        for path, methods in found
    )


@cache
def _registry() -> Any:
    return Registry().with_resource(_DOCUMENT, DRAFT202012.create_resource(document()))


@cache
def _validator(schema: str) -> Any:
    """Check what has one of the document's schemas: all of them share the one document in memory."""
    return Draft202012Validator({"$ref": f"{_DOCUMENT}{schema}"}, registry=_registry())


def check_webhook_body(body: bytes) -> None:
    """Raise if the document does not promise this body of a request to a webhook."""
    payload = json.loads(body)
    request = document()["webhooks"][payload["event"]["type"]]["post"]["requestBody"]
    _validator(request["content"]["application/json"]["schema"]["$ref"]).validate(payload)


def check_against_openapi(response: httpx.Response) -> None:
    """Raise if the document does not promise this answer; what is not in the document is a 404."""
    path, method = response.request.url.path, response.request.method.lower()
    for known in _paths():
        if method in known.responses and known.pattern.fullmatch(path):
            response.read()
            promised = known.responses[method][str(response.status_code)]
            if "$ref" in promised:
                promised = document()["components"]["responses"][promised["$ref"].rpartition("/")[2]]
            _validator(promised["content"]["application/json"]["schema"]["$ref"]).validate(response.json())
            return
    assert response.status_code == httpx.codes.NOT_FOUND, f"{method} {path} is in no document"
