"""What the OpenAPI document says of every operation, parameter and field."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from openapi.document import document
from openapi.texts import COMMON_FIELDS, PARAMETERS, SCHEMAS, sections
from openapi.values import ERROR_TYPES, named_fields
from openapi.webhooks import COMMON_SCHEMAS
from trunkline.auth.scopes import Scope
from trunkline.calls.reasons import Reason
from trunkline.http_api.error_mapping import STATUS
from trunkline.webhooks.events import EventType


@cache
def whole() -> dict[str, Any]:
    return document()


def operations() -> Iterator[dict[str, Any]]:
    for methods in whole()["paths"].values():
        yield from methods.values()


def schemas() -> dict[str, Any]:
    found: dict[str, Any] = whole()["components"]["schemas"]
    return found


def fields() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, schema in schemas().items():
        for field, value in schema.get("properties", {}).items():
            yield name, field, value


def types_of(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schemas that a value can have, and those of the entries of a list."""
    options = value.get("anyOf", [value])
    return [option["items"] if option.get("type") == "array" else option for option in options]


@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation["operationId"])
def test_an_operation_says_what_it_does_and_how_it_fails(operation: dict[str, Any]) -> None:
    tags = {tag["name"]: tag["description"] for tag in whole()["tags"]}
    assert len(operation["tags"]) == 1
    assert tags[operation["tags"][0]]
    assert operation["summary"]
    assert operation["description"]
    assert {"400", "401", "403", "500", "503"} <= set(operation["responses"])
    assert ("429" in operation["responses"]) or operation["tags"] == ["Agent API"]
    assert ("404" in operation["responses"]) or not has_path_parameter(operation)


def has_path_parameter(operation: dict[str, Any]) -> bool:
    return any(parameter["in"] == "path" for parameter in operation.get("parameters", ()))


def test_every_parameter_is_described_and_typed() -> None:
    found = [parameter for operation in operations() for parameter in operation.get("parameters", ())]
    assert [parameter["name"] for parameter in found if not parameter["description"]] == []
    assert [parameter["name"] for parameter in found if "type" not in parameter["schema"]] == []
    types = {(parameter["name"], parameter["schema"]["type"]) for parameter in found}
    assert {("limit", "integer"), ("wait", "integer"), ("status", "string")} <= types
    formats = {parameter["name"]: parameter["schema"].get("format") for parameter in found}
    assert formats["created_after"] == formats["since"] == formats["before"] == "date-time"
    assert formats["call_id"] == formats["agent_id"] == "uuid"


def test_a_parameter_that_the_api_asks_for_is_required() -> None:
    required = {
        (operation["operationId"], parameter["name"])
        for operation in operations()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter["required"]
    }
    assert required == {("listRefusals", "phone_number"), ("listCallDeliveries", "call_id")}


def test_every_schema_and_field_is_described() -> None:
    assert [name for name, schema in schemas().items() if not schema["description"]] == []
    assert [f"{name}.{field}" for name, field, value in fields() if not value["description"]] == []


def test_every_text_is_of_a_field_that_exists() -> None:
    known = {(name, field) for name, field, _ in fields()}
    parameters = {each["name"] for operation in operations() for each in operation.get("parameters", ())}
    for named, texts in sections():
        assert set(named) - set(schemas()) - set(COMMON_SCHEMAS) == set()
        if not set(named) & set(COMMON_SCHEMAS):
            assert {field for field in texts if not any((name, field) in known for name in named)} == set()
    assert set(named_fields()) - known == set()
    assert set(COMMON_FIELDS) - {field for _, field in known} == set()
    assert set(PARAMETERS) - parameters == set()
    assert set(SCHEMAS) - set(schemas()) == set()


def test_no_default_makes_a_generated_client_ask_for_a_field_that_may_be_omitted() -> None:
    assert [f"{name}.{field}" for name, field, value in fields() if "default" in value] == []
    assert "Default: `45`" in schemas()["AgentSpec"]["properties"]["ring_timeout_s"]["description"]
    assert "Default" not in schemas()["AgentChange"]["properties"]["ring_timeout_s"]["description"]


def test_the_values_of_a_closed_set_are_named() -> None:
    def values(schema: str, field: str) -> list[str]:
        return next(
            option["enum"] for option in types_of(schemas()[schema]["properties"][field]) if "enum" in option
        )

    assert values("ErrorBody", "type") == list(ERROR_TYPES)
    assert values("CallView", "failure_reason") == values("AttemptView", "reason") == list(Reason)
    assert values("DeliveredEvent", "type") == list(EventType)
    assert values("ApiKeyView", "scopes") == list(Scope)
    # The two vocabularies of `docs/statuses.md`.
    assert "cancelled" in values("CallDetails", "status")
    assert "cancelled" not in values("CallView", "status")
    assert "timeout" in values("CallView", "status")


def test_every_error_that_the_api_maps_is_a_documented_type() -> None:
    assert {error.type for error in STATUS} | {"internal_error"} == set(ERROR_TYPES)


def test_times_ids_and_addresses_have_a_format() -> None:
    def formats(*names: str, ending: str = "-") -> set[str | None]:
        return {
            option.get("format")
            for _, field, value in fields()
            if field in names or field.endswith(ending)
            for option in types_of(value)
            if option.get("type") == "string"
        }

    assert formats(ending="_at") == formats(ending="At") == {"date-time"}
    assert formats("agentId") == {"uuid"}
    # A result of cancelling many has the id as the request has it, which may be none.
    without = {name for name, field, value in fields() if field == "call_id" and "format" not in str(value)}
    assert without == {"CancelResult"}
    assert "uri" in formats("url")


def test_an_operation_needs_a_key_or_session_unless_it_is_public() -> None:
    schemes = whole()["components"]["securitySchemes"]
    assert set(schemes) >= {"apiKey", "bearer", "session"}
    for operation in operations():
        for alternative in operation.get("security", whole()["security"]):
            assert set(alternative) <= set(schemes)
        is_for_agents = operation["tags"] == ["Agent API"]
        assert (operation.get("security") == [{"agentToken": []}]) is is_for_agents
    public = {operation["operationId"] for operation in operations() if operation.get("security") == []}
    assert public == {"openSession", "takeTriggerEvent"}
