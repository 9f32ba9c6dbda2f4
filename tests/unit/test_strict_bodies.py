"""Request bodies have no unknown fields: each model of each route names the wrong one and the likely one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel, to_snake

from functions.agent_api.routes import ROUTES as AGENT_ROUTES
from functions.api.routes import ROUTES
from trunkline.call_control.outbound import OutboundCall
from trunkline.call_control.workflow_call_schemas import WorkflowCall
from trunkline.call_templates.create_call import BODIES, require_body_fields
from trunkline.call_templates.models import CallKind
from trunkline.core.errors import InvalidRequest
from trunkline.core.field_names import MAX_SHOWN_NAME, field_names
from trunkline.core.validation import InputModel, validated

Wrap = Callable[[Any], Any]
GOOD = {"agentId": "550e8400-e29b-41d4-a716-446655440000", "phoneNumber": "+14155552671"}
UNKNOWN = "qqzz_17"


def bodies() -> Iterator[tuple[str, type[InputModel]]]:
    for route in (*ROUTES.all(), *AGENT_ROUTES.all()):
        model = route.body or route.body_schema
        if model and model.model_config.get("extra") != "allow":
            assert issubclass(model, InputModel)
            yield route.operation_id, model


def objects(
    annotation: Any, wrap: Wrap, seen: tuple[Any, ...] = ()
) -> Iterator[tuple[type[BaseModel], Wrap]]:
    """Yield the models in a type, each with how a body is built around its object."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        kind = annotation.model_fields.get("type")
        tags = get_args(kind.annotation) if kind else ()
        tag = {"type": tags[0]} if len(tags) == 1 else {}

        def whole(values: Any) -> Any:
            return wrap(tag | values)

        yield annotation, whole
        for name, field in annotation.model_fields.items():
            yield from objects(field.annotation, partial(_in_field, whole, name), (*seen, annotation))
        return
    inner_wrap: Wrap = (lambda inner: wrap([inner])) if get_origin(annotation) is list else wrap
    for inner_type in get_args(annotation):
        yield from objects(inner_type, inner_wrap, seen)


def _in_field(whole: Wrap, name: str, inner: Any) -> Any:
    return whole({name: inner})


def cases() -> list[Any]:
    return [
        pytest.param(body, model, wrap, id=f"{operation_id}-{model.__name__}")
        for operation_id, body in bodies()
        for model, wrap in objects(body, lambda values: values)
    ]


def other_case(name: str) -> str:
    return next(wrong for wrong in (to_snake(name), to_camel(name), name.upper()) if wrong != name)


def refusal(body: type[InputModel], values: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        validated(body, values)
    return refused.value.message


@pytest.mark.parametrize(("body", "model", "wrap"), cases())
def test_a_field_in_the_other_case_is_refused_with_the_right_name(
    body: type[InputModel], model: type[BaseModel], wrap: Wrap
) -> None:
    known = set(field_names(model))
    for name in known:
        wrong = other_case(name)
        if wrong in known:
            continue
        message = refusal(body, wrap({wrong: None}))
        assert message.startswith("Validation error: unknown field ")
        assert message.endswith(f"{wrong}: did you mean {name}?")


@pytest.mark.parametrize(("body", "model", "wrap"), cases())
def test_an_unknown_field_is_refused_by_its_name(
    body: type[InputModel], model: type[BaseModel], wrap: Wrap
) -> None:
    message = refusal(body, wrap({UNKNOWN: 1}))
    assert message.startswith("Validation error: unknown field ")
    assert message.endswith(UNKNOWN)
    assert UNKNOWN not in set(field_names(model))


@pytest.mark.parametrize(
    ("model", "values", "message", "field"),
    [
        (
            OutboundCall,
            {"calling_window": {}},
            "calling_window: did you mean callingWindow?",
            None,
        ),
        (
            OutboundCall,
            {"callingWindow": {"start": "09:00", "end": "10:00", "time_zone": "UTC"}},
            "callingWindow.time_zone: did you mean timezone?",
            "callingWindow",
        ),
        (
            OutboundCall,
            {"redial": {"max_attemps": 2}},
            "redial.max_attemps: did you mean",
            "redial",
        ),
        (
            WorkflowCall,
            {"callingWindow": {}},
            "callingWindow: did you mean calling_window?",
            None,
        ),
        (WorkflowCall, {"expiresAt": ""}, "expiresAt: did you mean expires_at?", None),
    ],
)
def test_the_text_names_the_place_and_the_likely_field(
    model: type[InputModel], values: dict[str, Any], message: str, field: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        validated(model, GOOD | values if model is OutboundCall else values)
    assert refused.value.message.startswith(f"Validation error: unknown field {message}")
    assert refused.value.field == (field or next(iter(values)))


def test_a_misspelt_name_explains_the_missing_field() -> None:
    message = refusal(OutboundCall, {"agent_id": GOOD["agentId"], "phoneNumber": "+14155552671"})
    assert message == "Validation error: unknown field agent_id: did you mean agentId?"


def test_a_long_name_is_cut() -> None:
    name = "x" * 200_000
    with pytest.raises(InvalidRequest) as refused:
        validated(OutboundCall, GOOD | {name: 1})
    assert len(refused.value.message) < 200
    assert refused.value.field == name[:MAX_SHOWN_NAME]


@pytest.mark.parametrize("kind", CallKind)
def test_a_template_may_have_any_value_but_no_unknown_field(kind: CallKind) -> None:
    names = list(field_names(BODIES[kind]))
    require_body_fields(kind, {name: "{{row.value}}" for name in names})
    with pytest.raises(InvalidRequest, match=r"^body: Validation error: unknown field .*: did you mean"):
        require_body_fields(kind, {other_case(name): "{{row.value}}" for name in names})
