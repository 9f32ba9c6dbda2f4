"""The OpenAPI document and the declarations that it and the router are made from."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.agent_api.routes import ROUTES as AGENT_INDEX
from functions.api import routes
from functions.api.routes import ROUTES as INDEX
from openapi.document import AGENT_ROUTES, FILE, ROUTES, as_text, document
from openapi.examples import COMMON, GIVEN
from openapi.webhooks import COMMON_SCHEMAS
from trunkline.auth.scopes import Scope
from trunkline.http_api.request import Request
from trunkline.http_api.routing import Route
from trunkline.webhooks.events import EventType

ALL = [*ROUTES, *AGENT_ROUTES]


def test_the_committed_document_is_current() -> None:
    assert FILE.read_text() == as_text(), "run `make openapi`"


def test_the_router_finds_every_documented_operation() -> None:
    operations = {
        (method.upper(), path): operation["operationId"]
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }
    assert len(operations) == len(ROUTES) + len(AGENT_ROUTES)
    for (method, path), operation_id in operations.items():
        index = AGENT_INDEX if path.startswith("/agent/") else INDEX
        # A call's id is part of the pattern of the agents' routes.
        concrete = path.replace("{call_id}", "0" * 36).replace("{tool}", "save")
        route, _ = index.find(Request(method, concrete, "id"))
        assert (route.path, route.operation_id) == (path, operation_id)


def test_every_module_of_routes_is_in_the_index() -> None:
    folder = Path(routes.__file__).parent
    declaring = {path.stem for path in folder.glob("*.py") if "RouteGroup(" in path.read_text()}
    assert declaring == {name for names in INDEX.modules.values() for name in names}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_a_route_is_declared_in_full(route: Route) -> None:
    assert len([other for other in ROUTES if other.operation_id == route.operation_id]) == 1
    assert route.summary.endswith(".")
    if route.scope:
        assert Scope(route.scope)
    needs_no_scope = route.public or route.path in ("/api/v1/session", "/api/v1/reference")
    assert (route.scope is None) == needs_no_scope
    positional = list(inspect.signature(route.handler).parameters)[1 : 1 + len(route.path_parameters)]
    assert positional in (route.path_parameters, ["name"]), "a handler takes the path's parameters in order"


@pytest.mark.parametrize(
    "route", [route for route in ALL if route.body], ids=lambda route: route.operation_id
)
def test_the_example_of_a_body_is_valid(route: Route) -> None:
    assert route.body
    assert route.example
    route.body.model_validate(route.example)


@pytest.mark.parametrize(
    "route",
    [route for route in ALL if route.example],
    ids=lambda route: route.operation_id,
)
def test_the_example_of_a_body_fits_the_schema_that_the_document_names(route: Route) -> None:
    """Two models of one name would share a schema: each must have its own."""
    whole = document()
    body = whole["paths"][route.path][route.method.lower()]["requestBody"]["content"]["application/json"]
    schema = {"components": whole["components"], **body["schema"]}
    assert list(Draft202012Validator(schema).iter_errors(body["example"])) == []


def of(response: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """Return the response itself, if it is named."""
    found: dict[str, Any] = shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
    return found


def responses() -> list[tuple[str, str, dict[str, Any]]]:
    shared = document()["components"]["responses"]
    return [
        (operation["operationId"], status, of(response, shared)["content"]["application/json"])
        for methods in document()["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
    ]


def test_every_body_has_an_example() -> None:
    with_body = [route for route in ALL if route.body or route.body_schema]
    assert [route.operation_id for route in with_body if not route.example] == []


def test_every_response_has_an_example_that_fits_its_schema() -> None:
    """Formats are checked as well, by jsonschema's own functions."""
    components = document()["components"]
    checked = set()
    for operation_id, status, content in responses():
        name = content["examples"]["example"]["$ref"].removeprefix("#/components/examples/")
        reference = content["schema"]["$ref"]
        if (name, reference) not in checked:
            schema = {"components": components, "$ref": reference}
            validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
            problems = list(validator.iter_errors(components["examples"][name]["value"]))
            assert problems == [], f"{operation_id} {status}"
        checked.add((name, reference))
    assert {name for name, _ in checked} == set(components["examples"])


def test_an_error_s_example_has_the_status_of_its_response() -> None:
    examples = document()["components"]["examples"]
    for _, status, content in responses():
        name = content["examples"]["example"]["$ref"].rpartition("/")[2]
        if not status.startswith("2"):
            assert examples[name]["value"]["error"]["code"] == int(status)


def test_every_value_of_an_example_is_of_a_field_that_exists() -> None:
    schemas = document()["components"]["schemas"]
    for name, given in GIVEN.items():
        if name in COMMON_SCHEMAS:
            continue
        assert set(given) - {"$like"} - set(schemas[name]["properties"]) == set(), name
    assert set(COMMON) - {field for each in schemas.values() for field in each.get("properties", ())} == set()


def test_every_event_has_a_webhook_with_its_own_payload() -> None:
    whole = document()
    assert list(whole["webhooks"]) == list(EventType)
    payloads = set()
    for kind, methods in whole["webhooks"].items():
        media = methods["post"]["requestBody"]["content"]["application/json"]
        schema = {"components": whole["components"], **media["schema"]}
        assert list(Draft202012Validator(schema).iter_errors(media["example"])) == []
        assert media["example"]["event"]["type"] == kind
        other = media["example"] | {"event": media["example"]["event"] | {"type": "call.other"}}
        assert list(Draft202012Validator(schema).iter_errors(other)) != []
        payloads.add(media["schema"]["$ref"])
    assert len(payloads) == len(EventType)
