"""One route as the document shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.http_api.request_body import MAX_BODY_BYTES
from trunkline.storage.idempotency import HEADER

REF = "#/components/schemas/{model}"
_RATE_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy")}
_PARAMETER = re.compile(r"{(\w+)}")
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "A repeat within 24 hours makes nothing and gets the first answer, with `Idempotent-Replayed: true`."
    ),
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_:-]{1,255}$"},
}


@dataclass(frozen=True)
class Route:
    """A route: `answers` and `takes` are the models of its answer and body, `query` its parameters.

    `partial`: the body may leave any field of `takes` out. `once`: it takes an idempotency key, as every POST
    does that is not told otherwise. `public`: it needs no key.
    """

    method: str
    path: str
    operation: str
    summary: str
    scope: str
    answers: type
    status: int = 200
    means: str = "As asked."
    takes: type | None = None
    partial: bool = False
    bodiless: bool = False
    once: bool | None = None
    public: bool = False
    more: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def body_schema(self) -> str:
        """The name of the body's schema."""
        name = self.takes.__name__ if self.takes else ""
        return f"{name.removesuffix('Spec')}Change" if self.partial else name

    def operation_object(self) -> dict[str, Any]:
        """The OpenAPI operation."""
        needs = f"Needs the scope `{self.scope}`." if self.scope else ""
        found: dict[str, Any] = {
            "operationId": self.operation,
            "summary": self.summary,
            "description": " ".join(text for text in (self.more, needs) if text),
            "responses": {str(self.status): _answer(self.means, self.answers.__name__)} | self._errors(),
        }
        if parameters := self._parameters():
            found["parameters"] = parameters
        if self.takes:
            found["requestBody"] = {"content": _json(self.body_schema), "required": not self.bodiless}
        if self.public:
            found["security"] = []
        return found

    @property
    def takes_key(self) -> bool:
        """Say whether it takes an idempotency key."""
        return self.method == "post" if self.once is None else self.once

    def _parameters(self) -> list[dict[str, Any]]:
        in_path = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(self.path)
        ]
        in_query = [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": text,
                "schema": {"type": "string"},
            }
            for name, text in self.query.items()
        ]
        return in_path + in_query + ([_IDEMPOTENCY_KEY] if self.takes_key else [])

    def _errors(self) -> dict[str, Any]:
        texts = {
            "401": "No good API key or session.",
            "403": "The key lacks the scope, or may not be used from there.",
            "429": "Rate limited, or too many calls: `type` says which, `Retry-After` when to try again.",
        }
        if self.takes_key:
            texts["409"] = "The Idempotency-Key was used with another body, or is in use at this moment."
        if self.takes or self.query or self.takes_key:
            texts["400"] = "A field is wrong."
        if self.takes:
            texts["413"] = f"The body is larger than {MAX_BODY_BYTES} bytes."
        return {code: _answer(text, "Error") for code, text in sorted((texts | dict(self.errors)).items())}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _json(schema), "headers": _RATE_HEADERS}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(model=schema)}}}
