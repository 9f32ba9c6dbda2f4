"""What a client needs of the OpenAPI document: operations for API keys, models, and webhooks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Schema = Mapping[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")
_KEY_SCHEMES = {"apiKey", "bearer"}
"""Security schemes that an API key satisfies: what agents, browsers and event sources call is left out."""
IDEMPOTENCY_KEY = "Idempotency-Key"


class UnsupportedDocument(Exception):
    """The document has something that the generator does not know; the message says what and where."""


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path or the query of an operation."""

    name: str
    schema: Schema
    is_required: bool
    description: str


@dataclass(frozen=True)
class Operation:
    """An operation as a method of the client; `body`, `response` and `item` name models."""

    name: str
    method: str
    path: str
    text: str
    path_parameters: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    body: str | None
    needs_body: bool
    takes_idempotency_key: bool
    response: str
    item: str | None
    """The model of the items, if the response is a page of a list with a cursor."""


def snake_case(name: str) -> str:
    """Return the Python name of an operation's id: `createCall` becomes `create_call`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.replace("LiveKit", "Livekit")).lower()


def model_name(schema: Schema) -> str:
    """Return the model that a schema refers to.

    Raises:
        UnsupportedDocument: it refers to none.
    """
    try:
        return str(schema["$ref"]).removeprefix("#/components/schemas/")
    except KeyError as error:
        raise UnsupportedDocument(f"a body or response without a model: {schema}") from error


@dataclass(frozen=True)
class Document:
    """The parsed `docs/openapi.json`."""

    source: Mapping[str, Any]

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """All models of the document by name."""
        schemas: Mapping[str, Schema] = self.source["components"]["schemas"]
        return schemas

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations that an API key may call, in the order of the document."""
        return tuple(
            self._operation(method, path, item[method])
            for path, item in self.source["paths"].items()
            for method in _METHODS
            if method in item and self._takes_api_key(item[method])
        )

    @property
    def payloads(self) -> tuple[str, ...]:
        """The models of the bodies of webhooks."""
        bodies = (webhook["post"]["requestBody"] for webhook in self.source["webhooks"].values())
        return tuple(model_name(_json(body)) for body in bodies)

    @property
    def events(self) -> tuple[str, ...]:
        """The models of the events in the bodies of webhooks."""
        return tuple(model_name(self.schemas[name]["properties"]["event"]) for name in self.payloads)

    def used_models(self) -> dict[str, Schema]:
        """Return the models that operations and webhooks need, also by way of others, by name."""
        names = set(self.payloads)
        for each in self.operations:
            names |= {name for name in (each.body, each.response) if name}
            for parameter in each.query:
                names |= set(_references(parameter.schema))
        reached: set[str] = set()
        while names:
            name = names.pop()
            reached.add(name)
            names |= set(_references(self.schemas[name])) - reached
        return {name: self.schemas[name] for name in sorted(reached)}

    def _takes_api_key(self, operation: Mapping[str, Any]) -> bool:
        security = operation.get("security", self.source["security"])
        return any(_KEY_SCHEMES & set(requirement) for requirement in security)

    def _operation(self, method: str, path: str, source: Mapping[str, Any]) -> Operation:
        parameters = source.get("parameters", [])
        in_path, query = (
            tuple(_parameter(each) for each in parameters if each["in"] == where)
            for where in ("path", "query")
        )
        body = source.get("requestBody")
        response = model_name(_json(_success(source)))
        pages = any(each.name == "cursor" for each in query)
        return Operation(
            name=snake_case(source["operationId"]),
            method=method.upper(),
            path=path,
            text="\n\n".join(filter(None, (source["summary"], source.get("description")))),
            path_parameters=in_path,
            query=query,
            body=model_name(_json(body)) if body else None,
            needs_body=bool(body and body.get("required")),
            takes_idempotency_key=any(each["name"] == IDEMPOTENCY_KEY for each in parameters),
            response=response,
            item=self._item(response) if pages else None,
        )

    def _item(self, response: str) -> str:
        return model_name(self.schemas[response]["properties"]["data"]["items"])


def _parameter(source: Mapping[str, Any]) -> Parameter:
    return Parameter(
        source["name"], source["schema"], bool(source.get("required")), source.get("description", "")
    )


def _success(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = [
        response for status, response in operation["responses"].items() if status.startswith("2")
    ]
    if len(found) != 1:
        raise UnsupportedDocument(f"{operation['operationId']} has {len(found)} successful responses")
    return found[0]


def _json(content: Mapping[str, Any]) -> Schema:
    schema: Schema = content["content"]["application/json"]["schema"]
    return schema


def _references(value: Any) -> Iterator[str]:
    """Find the models that a schema names, at any depth."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield model_name(value)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
