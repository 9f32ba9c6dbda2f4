"""OpenAPI operations of single routes."""

from __future__ import annotations

from typing import Any

from openapi.tags import tag_of
from openapi.texts import PARAMETERS
from openapi.values import format_of
from trunkline.http_api.request_body import MAX_REQUEST_BYTES
from trunkline.http_api.routing import Route
from trunkline.storage.idempotency import HEADER

REF = "#/components/schemas/{model}"
_RATE_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy")}
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "A repeat within 24 hours is not executed and gets the first response, with "
        "`Idempotent-Replayed: true`."
    ),
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_:-]{1,255}$"},
}
_COMMON_ERRORS = {
    400: "The request is not valid.",
    401: "The API key or session is missing or not valid.",
    403: "The key lacks the scope, or must not be used from this address or in this mode.",
    429: "Rate limited, or too many calls: `type` says which, `Retry-After` when to try again.",
    500: "An unexpected error: send its `request_id` to your operator.",
    503: "AWS did not respond in time, throttled or failed: try again after `Retry-After`.",
}


AGENTS_SCHEME = "agentToken"
_AGENT_ERRORS = {
    401: "The token is missing, or is not an agent's.",
    403: "The token is for another call.",
    500: _COMMON_ERRORS[500],
    503: _COMMON_ERRORS[503],
}


def is_for_agents(route: Route) -> bool:
    """Tell whether an agent in a call uses the route, with the token of its job."""
    return route.path.startswith("/agent/")


def operation(route: Route) -> dict[str, Any]:
    """Make the operation object of a route (OpenAPI 3.1, 4.8.10)."""
    answer = route.response.__name__
    success = _response(route.returns, answer, answer, has_rate=not is_for_agents(route))
    needs = f"Needs the scope `{route.scope}`." if route.scope else ""
    made: dict[str, Any] = {
        "operationId": route.operation_id,
        "tags": [tag_of(route)],
        "summary": route.summary,
        "description": " ".join(text for text in (route.description, needs) if text),
        "responses": {str(route.status): success} | _errors(route),
    }
    if parameters := _parameters(route):
        made["parameters"] = parameters
    if schema := body_schema(route):
        content: dict[str, Any] = {"schema": {"$ref": REF.format(model=schema)}}
        if route.example:
            content["example"] = route.example
        made["requestBody"] = {"content": {"application/json": content}, "required": route.body_required}
    if route.public:
        made["security"] = []
    if is_for_agents(route):
        made["security"] = [{AGENTS_SCHEME: []}]
    return made


def body_schema(route: Route) -> str:
    """Return the name of the body's schema; a body of changes has one without required fields."""
    model = route.body or route.body_schema
    name = model.__name__ if model else ""
    return f"{name.removesuffix('Spec')}Change" if route.changes else name


def _parameters(route: Route) -> list[dict[str, Any]]:
    return (
        [_path_parameter(name) for name in route.path_parameters]
        + _query_parameters(route)
        + ([_IDEMPOTENCY_KEY] if route.idempotent else [])
    )


def _path_parameter(name: str) -> dict[str, Any]:
    form = format_of("", name, {})
    schema = {"type": "string"} | ({"format": form} if form else {})
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": PARAMETERS.get(name, ""),
        "schema": schema,
    }


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description", ""),
            "schema": _parameter_schema(name, field, definitions),
        }
        for name, field in schema["properties"].items()
    ]


def _parameter_schema(name: str, field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter: without null, which a query string cannot have."""
    options = [option for option in field.pop("anyOf", [{}]) if option != {"type": "null"}]
    schema = {**field, **options[0]}
    if reference := schema.pop("$ref", None):
        schema |= definitions[reference.rpartition("/")[2]]
    if form := format_of("", name, schema):
        schema["format"] = form
    return {
        key: value
        for key, value in schema.items()
        if key not in {"title", "description"} and value is not None
    }


def _errors(route: Route) -> dict[str, Any]:
    texts = dict(_AGENT_ERRORS if is_for_agents(route) else _COMMON_ERRORS)
    has_body = bool(body_schema(route))
    if route.idempotent:
        texts[409] = "The Idempotency-Key was used with another body, or is in use."
    if has_body or route.query or route.idempotent:
        texts[400] = "A field is not valid."
    if has_body:
        texts[413] = f"The body is larger than {MAX_REQUEST_BYTES} bytes."
    texts |= route.errors
    return {str(status): _error(route, status, texts[status]) for status in sorted(texts)}


def _error(route: Route, status: int, text: str) -> dict[str, Any]:
    """Return the response of a status: one of those that many operations have, or one of its own."""
    prefix, shared = ("AgentError", _AGENT_ERRORS) if is_for_agents(route) else ("Error", _COMMON_ERRORS)
    if shared.get(status) == text:
        return {"$ref": f"#/components/responses/{prefix}{status}"}
    return _response(text, "Error", f"Error{status}", has_rate=not is_for_agents(route))


def shared_errors() -> dict[str, Any]:
    """Return the error responses that many operations have, by name."""
    made = {}
    for status, text in _COMMON_ERRORS.items():
        made[f"Error{status}"] = _response(text, "Error", f"Error{status}")
    for status, text in _AGENT_ERRORS.items():
        example = f"{'Agent' if status in (401, 403) else ''}Error{status}"
        made[f"AgentError{status}"] = _response(text, "Error", example, has_rate=False)
    return made


def _response(description: str, model: str, example: str, *, has_rate: bool = True) -> dict[str, Any]:
    media = {
        "schema": {"$ref": REF.format(model=model)},
        "examples": {"example": {"$ref": f"#/components/examples/{example}"}},
    }
    response: dict[str, Any] = {"description": description, "content": {"application/json": media}}
    return response | {"headers": _RATE_HEADERS} if has_rate else response
