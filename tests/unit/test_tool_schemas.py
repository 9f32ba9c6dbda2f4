"""What a tool may be: refused when saved, with the place of the fault."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated
from trunkline.templating.jmespath_query import require_query, search
from trunkline.templating.templates import TemplateError
from trunkline.tools.parameters import InvalidParams, Parameter, json_schema, validated_params, with_defaults
from trunkline.tools.schemas import ToolSpec, config_of, require_valid_templates, tool_view

CALL: dict[str, Any] = {"type": "api_call", "url": "https://api.example.com/meals"}
SAVE_MEAL: dict[str, Any] = {
    "name": "save_meal",
    "config": {
        "parameters": [{"name": "meal_data", "type": "string", "required": True}],
        "actions": [
            {
                "type": "api_call",
                "url": "https://your-api.com/api/v1/meals",
                "method": "POST",
                "headers": {
                    "Content-Type": "application/json",
                    "Authorization": "Bearer {{user.auth_token}}",
                },
                "body": {"user_id": "{{user.id}}", "meal": "{{params.meal_data}}"},
                "timeout": 15,
                "retry_count": 3,
            }
        ],
    },
}


def tool(*actions: dict[str, Any], parameters: Any = (), **more: Any) -> dict[str, Any]:
    return {"name": "t", "config": {"parameters": list(parameters), "actions": list(actions)}} | more


def test_the_guides_tool_is_taken_and_shown_as_it_was_written() -> None:
    spec = validated(ToolSpec, SAVE_MEAL)
    require_valid_templates(spec.config)
    made = spec.tool("tenant-1", 1, None)
    assert tool_view(made)["config"] == SAVE_MEAL["config"]
    assert config_of(made) == spec.config


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "t"}, "config: Field required"),
        (tool(), "config.actions: List should have at least 1 item"),
        (tool({"type": "launch"}), "config.actions.0: type must be one of 'api_call', 'set_state'"),
        (tool({"url": "https://a.example/"}), "config.actions.0: Unable to extract tag"),
        (tool({"type": "api_call"}), "config.actions.0.url: Field required"),
        (tool(CALL | {"method": "TRACE"}), "config.actions.0.method"),
        (tool(CALL | {"method": "post"}), "config.actions.0.method"),
        (tool(CALL | {"timeout": 0}), "config.actions.0.timeout"),
        (tool(CALL | {"timeout": 21}), "config.actions.0.timeout"),
        (tool(CALL | {"timeout": "15"}), "config.actions.0.timeout"),
        (tool(CALL | {"retry_count": -1}), "config.actions.0.retry_count"),
        (tool(CALL | {"retry_count": 6}), "config.actions.0.retry_count"),
        (tool(CALL | {"retry_count": True}), "config.actions.0.retry_count"),
        (tool(CALL | {"redirects": True}), "unknown field config.actions.0.redirects"),
        (tool(CALL | {"body": {}}), "config.actions.0: GET must not have a body"),
        (tool(CALL | {"headers": {"Host": "x"}}), "'Host' is not a header that a tool may set"),
        (tool(CALL | {"headers": {"Transfer-Encoding": "x"}}), "is not a header that a tool may set"),
        (tool(CALL | {"headers": {"X\r\nY": "x"}}), "is not a header that a tool may set"),
        (tool(CALL | {"headers": {"x-a": "1", "X-A": "2"}}), "a name occurs twice"),
        (
            tool(CALL | {"method": "POST", "body": "x=1", "headers": {"Content-Type": "image/png"}}),
            "Content-Type",
        ),
        (tool(CALL | {"headers": {"Content-Type": "{{params.x}}"}}), "Content-Type must not be a template"),
        (tool(CALL | {"expect": {"status": ["9xx"]}}), "9xx is not a status"),
        (tool(CALL | {"expect": {"status": []}}), "config.actions.0.expect.status"),
        (tool(CALL | {"save": {"x": "a["}}), "a[ is no JMESPath expression"),
        (tool(CALL | {"save": {"not a name": "a"}}), "config.actions.0.save"),
        (tool(CALL | {"result": "[@,@]|[@,@]|[@,@]|[@,@]"}), "is too large"),
        (tool({"type": "set_state"}), "values or append"),
        (tool({"type": "end_call"}, CALL), "end_call must be the last action"),
        (tool({"type": "end_call", "reason": ""}), "config.actions.0.reason"),
        (tool({"type": "transfer_agent"}), "config.actions.0.agent: Field required"),
        (tool(*[CALL] * 9), "config.actions: List should have at most 8 items"),
        (tool(CALL, parameters=[{"name": "a b", "type": "string"}]), "config.parameters.0.name"),
        (tool(CALL, parameters=[{"name": "a", "type": "date"}]), "config.parameters.0.type"),
        (tool(CALL, parameters=[{"name": "a", "type": "string"}] * 2), "two parameters have the same name"),
        (tool(CALL, parameters=[{"name": "a", "type": "string", "enum": [1]}]), "enum must be values of"),
        (
            tool(CALL, parameters=[{"name": "a", "type": "string", "items": "string"}]),
            "items is only allowed for an array",
        ),
        (
            tool(CALL, parameters=[{"name": "a", "type": "string", "required": True, "default": "x"}]),
            "must not have a default",
        ),
        (tool(CALL, name="save-meal"), "name must be 1 to 64 letters"),
        (
            tool(CALL | {"method": "POST", "body": {"x": "y" * 70_000}}),
            "config must not be larger than 65536 bytes",
        ),
    ],
)
def test_a_wrong_field_is_refused_with_its_path(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        validated(ToolSpec, wrong)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (tool(CALL | {"url": "https://a.example/{{user.id"}), "config.actions.0.url: a {{ is not closed"),
        (tool(CALL | {"url": "https://a.example/{{event.id}}"}), "{{event.id}} is only for triggers"),
        (
            tool(CALL | {"url": "https://a.example/{{schedule.date}}"}),
            "{{schedule.date}} is only for schedules",
        ),
        (
            tool(CALL | {"headers": {"X": "{{env.HOME}}"}}),
            "config.actions.0.headers.X: {{env.HOME}} must begin",
        ),
        (
            tool(CALL | {"headers": {"X": "a\r\nB: c"}}),
            "config.actions.0.headers.X: a header's value must be",
        ),
        (
            tool(CALL | {"headers": {"X": " {{user.id}}"}}),
            "config.actions.0.headers.X: a header's value must be",
        ),
        (
            tool(CALL, CALL | {"url": "https://{{params.h}}/"}),
            "config.actions.1.url: {{params.h}} is not a parameter",
        ),
        (tool(CALL | {"url": "https://{{user.h}}/"}), "config.actions.0.url: templates may stand in path"),
        (
            tool(
                CALL | {"method": "POST", "body": {"a": ["{{params.b}}"]}},
                parameters=[{"name": "a", "type": "string"}],
            ),
            "config.actions.0.body.a.0: {{params.b}} is not a parameter; the parameters are a",
        ),
        (tool(CALL | {"url": "https://a.example/{{call.secret}}"}), "must name one of id, channel"),
        (tool(CALL | {"url": "https://a.example/{{call}}"}), "must name one of id, channel"),
        (tool(CALL | {"headers": {"X": "{{secrets}}"}}), "must be `secrets.` and a name"),
        (
            tool({"type": "set_state", "values": {"url": "{{secrets.key}}"}}),
            "config.actions.0.values.url: {{secrets.key}}",
        ),
        (
            tool({"type": "end_call", "reason": "{{secrets.key}}"}),
            "is only allowed in the url, headers and body of an api_call",
        ),
        (
            tool(CALL, parameters=[{"name": "a", "type": "string", "default": "{{params.a}}"}]),
            "config.parameters.0.default: defaults form a cycle (a → a)",
        ),
        (
            tool(
                CALL,
                parameters=[
                    {"name": "a", "type": "string", "default": "{{params.b}}"},
                    {"name": "b", "type": "string", "default": "x{{params.c}}"},
                    {"name": "c", "type": "string", "default": "{{params.a}}"},
                ],
            ),
            "defaults form a cycle (a → b → c → a)",
        ),
    ],
)
def test_a_template_that_can_never_be_filled_is_refused_with_its_path(
    wrong: dict[str, Any], says: str
) -> None:
    spec = validated(ToolSpec, wrong)
    with pytest.raises(InvalidRequest) as refused:
        require_valid_templates(spec.config)
    assert says in refused.value.message


def test_the_secrets_that_are_asked_for_are_named() -> None:
    action = CALL | {"method": "POST", "headers": {"X-Key": "{{secrets.key}}"}, "body": ["{{secrets.other}}"]}
    assert require_valid_templates(validated(ToolSpec, tool(action)).config) == {"key", "other"}


def parameters(*values: dict[str, Any]) -> list[Parameter]:
    return [Parameter.model_validate(value) for value in values]


EVERYTHING = parameters(
    {"name": "text", "type": "string", "description": "What it says", "required": True},
    {"name": "count", "type": "integer", "enum": [1, 2, 3]},
    {"name": "rate", "type": "number"},
    {"name": "sure", "type": "boolean"},
    {"name": "tags", "type": "array", "items": "string"},
    {"name": "home", "type": "object", "properties": [{"name": "city", "type": "string", "required": True}]},
    {"name": "any", "type": "object"},
)


def test_parameters_are_told_as_json_schema() -> None:
    assert json_schema(EVERYTHING) == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "What it says"},
            "count": {"type": "integer", "enum": [1, 2, 3]},
            "rate": {"type": "number"},
            "sure": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "home": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
            "any": {"type": "object"},
        },
        "required": ["text"],
        "additionalProperties": False,
    }


def test_good_parameters_come_through_as_they_are() -> None:
    given = {
        "text": "a",
        "count": 2,
        "rate": 1,
        "sure": False,
        "tags": ["x"],
        "home": {"city": "Ulm"},
        "any": {"a": [1]},
    }
    assert validated_params(EVERYTHING, given) == given


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, ["text: is missing"]),
        ({"text": 5}, ["text: Input should be a valid string"]),
        ({"text": "a", "count": "2"}, ["count: Input should be 1, 2 or 3"]),
        ({"text": "a", "count": 4}, ["count: Input should be 1, 2 or 3"]),
        ({"text": "a", "rate": "1"}, ["rate: Input should be a valid number"]),
        ({"text": "a", "sure": 1}, ["sure: Input should be a valid boolean"]),
        ({"text": "a", "tags": "x"}, ["tags: Input should be a valid list"]),
        ({"text": "a", "tags": ["x", 1]}, ["tags.1: Input should be a valid string"]),
        ({"text": "a", "home": {}}, ["home.city: is missing"]),
        ({"text": "a", "home": {"city": "x", "zip": 1}}, ["home.zip: there is no such parameter"]),
        ({"meal": "a", "rate": "1"}, ["text: is missing", "rate: Input", "meal: there is no such parameter"]),
        ({"text": None}, ["text: Input should be a valid string"]),
    ],
)
def test_wrong_parameters_are_told_so_that_a_model_can_mend_them(
    given: dict[str, Any], says: list[str]
) -> None:
    with pytest.raises(InvalidParams) as refused:
        validated_params(EVERYTHING, given)
    assert len(refused.value.errors) == len(says)
    assert all(any(fault.startswith(text) for fault in refused.value.errors) for text in says)


def test_defaults_may_come_from_the_call_and_from_each_other() -> None:
    declared = parameters(
        {"name": "greeting", "type": "string", "default": "Hello {{params.name}}"},
        {"name": "name", "type": "string", "default": "{{user.name}}"},
        {"name": "count", "type": "integer", "default": 2},
    )
    scope = {"user": {"name": "Jo"}}
    assert with_defaults(declared, {}, scope) == {"greeting": "Hello Jo", "name": "Jo", "count": 2}
    assert with_defaults(declared, {"name": "Al"}, scope)["greeting"] == "Hello Al"
    with pytest.raises(InvalidParams, match="name: Input should be a valid string"):
        with_defaults(declared, {"greeting": "x"}, {"user": {"name": 5}})
    with pytest.raises(TemplateError, match="user.name"):
        with_defaults(declared, {}, {"user": {}})


def test_a_query_picks() -> None:
    value = {"data": {"id": 7, "items": [{"n": 1}, {"n": 2}]}}
    assert search("data.id", value) == 7
    assert search("data.items[].n", value) == [1, 2]
    assert search("data.nothing", value) is None
    assert search("length(data.items) > `1`", value) is True


def test_a_query_can_not_be_made_to_grow() -> None:
    for text in ("a" * 201, "(" * 200, "[@,@,@]|[@,@,@]|[@,@,@]", "@.{a:@,b:@}|{a:@,b:@}|{a:@}"):
        with pytest.raises(TemplateError):
            require_query(text)
    large = ["x" * 1000] * 60
    with pytest.raises(TemplateError, match="would be larger"):
        search("[@,@,@,@,@,@,@,@] | [@,@,@,@,@,@,@,@]", large)
    with pytest.raises(TemplateError, match="does not apply"):
        search("sum(@)", ["a"])
