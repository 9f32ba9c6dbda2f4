"""Numbers in a tool's arguments, as JSON Schema means them: checked, and passed on as they came."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.json_text import json_text, parse_json
from trunkline.templating.templates import render_json
from trunkline.tools.parameters import InvalidParams, Parameter, validated_params


def sent(schema: dict[str, Any], text: str) -> str:
    """Return the JSON that a backend gets for an argument."""
    parameters = [Parameter.model_validate({"name": "n"} | schema)]
    params = validated_params(parameters, {"n": parse_json(text)})
    return json_text(render_json("{{params.n}}", {"params": params}))


@pytest.mark.parametrize("text", ["5", "5.5", "9007199254740993", "-9007199254740993", "0", "1e+100"])
def test_a_number_is_sent_as_it_came(text: str) -> None:
    assert sent({"type": "number"}, text) == text
    assert sent({"type": "array", "items": "number"}, f"[{text}]") == f"[{text}]"
    nested = {"type": "object", "properties": [{"name": "a", "type": "number"}]}
    assert sent(nested, f'{{"a":{text}}}') == f'{{"a":{text}}}'


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_sent_as_it_came(value: float) -> None:
    try:
        assert sent({"type": "number"}, json_text(value)) == json_text(value)
    except InvalidParams:
        assert abs(value) > 10**308


@pytest.mark.parametrize(("text", "is_sent"), [("5.0", "5"), ("5", "5"), ("1e3", "1000"), ("-0.0", "0")])
def test_a_number_without_a_fraction_is_an_integer(text: str, is_sent: str) -> None:
    assert sent({"type": "integer"}, text) == is_sent


@pytest.mark.parametrize(("kind", "text"), [("integer", "5.5"), ("integer", "true"), ("number", "true")])
def test_other_values_are_not(kind: str, text: str) -> None:
    with pytest.raises(InvalidParams):
        sent({"type": kind}, text)
    with pytest.raises(InvalidParams):
        sent({"type": kind}, '"5"')


@pytest.mark.parametrize(("kind", "text"), [("integer", "5.0"), ("number", "5.0"), ("number", "5")])
def test_an_enum_compares_numbers_by_their_value(kind: str, text: str) -> None:
    assert sent({"type": kind, "enum": [5, 7]}, text) == "5"
    with pytest.raises(InvalidParams):
        sent({"type": kind, "enum": [1, 7]}, "true")
    with pytest.raises(InvalidParams):
        sent({"type": kind, "enum": [1, 7]}, text)
