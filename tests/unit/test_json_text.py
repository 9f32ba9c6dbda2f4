"""JSON from outside comes through unchanged or is refused, at every door."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.batches.models import RowFormat
from trunkline.batches.row_parser import RowsRefused, read_rows
from trunkline.core.errors import InvalidRequest
from trunkline.core.json_text import json_bytes, json_text, parse_json, repeated_name, require_json, same_json
from trunkline.egress.messages import Response
from trunkline.http_api.request_body import parse_object
from trunkline.templating.jmespath_query import search
from trunkline.templating.templates import TemplateError, parse
from trunkline.tool_runtime.errors import ActionFailed, FailureType
from trunkline.tool_runtime.http_action import interpret_response
from trunkline.tool_runtime.redaction import SecretRedactor
from trunkline.tools.actions import ApiCall

NOT_JSON = [
    "1e400",
    "-1e400",
    f"{'1' * 400}.0",
    "NaN",
    "Infinity",
    "-Infinity",
    '"\\ud800"',
    '"\\udc00\\ud800"',
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)
ANY_JSON = st.recursive(
    st.floats() | st.integers() | st.text(st.characters()), lambda inner: st.lists(inner, max_size=4)
)


def nested(text: str) -> bytes:
    return f'{{"a": [{{"b": {text}}}]}}'.encode()


def read_answer(raw: bytes) -> Any:
    action = ApiCall.model_validate({"type": "api_call", "url": "https://example.com", "result": "@"})
    response = Response(200, {}, raw, 1)
    return interpret_response(action, response, SecretRedactor.of({}, frozenset()), may_have_happened=False)


def read_ndjson(raw: bytes) -> Any:
    (row,) = read_rows(RowFormat.NDJSON, [raw], frozenset())
    if row.fault:
        raise RowsRefused(row.fault.message)
    return row.values


def read_json_rows(raw: bytes) -> Any:
    return list(read_rows(RowFormat.JSON, [b"[" + raw + b"]"], frozenset()))


@given(VALUES)
def test_json_comes_through_as_it_is(value: Any) -> None:
    again = parse_json(json_text(value))
    assert json_text(again) == json_text(value)
    assert json_bytes(value) == len(json_text(value).encode())


@given(ANY_JSON)
def test_what_is_read_can_be_written_whatever_python_can_write(value: Any) -> None:
    try:
        read = parse_json(json.dumps(value))
    except ValueError:
        return
    json.loads(json_text(read).encode(), parse_constant=pytest.fail)


@pytest.mark.parametrize("text", ["5", "5.0", "9007199254740993", "-0.1", "0", "1" * 100])
def test_a_number_goes_out_as_it_came(text: str) -> None:
    assert json_text(parse_json(text)) == text


@pytest.mark.parametrize("text", NOT_JSON)
@pytest.mark.parametrize("read", [parse_object, read_answer, read_ndjson, read_json_rows])
def test_what_json_cannot_say_is_refused_at_every_door(read: Callable[[bytes], Any], text: str) -> None:
    with pytest.raises((InvalidRequest, RowsRefused, ActionFailed)) as refused:
        read(nested(text))
    if isinstance(refused.value, ActionFailed):
        assert refused.value.kind is FailureType.ANSWER_NOT_JSON


@pytest.mark.parametrize("value", [math.inf, math.nan, "\ud800"])
@pytest.mark.parametrize("place", [lambda value: value, lambda value: {"a": [value]}])
def test_what_another_parser_let_through_is_refused(place: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its texts are Python's
        require_json(place(value))


def test_a_surrogate_in_a_name_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        require_json({"\ud800": 1})


@pytest.mark.parametrize("query", ["sum(@)", "to_number('1e400')", "`1e400`", '`"\\ud800"`'])
def test_a_query_finds_nothing_that_is_not_json(query: str) -> None:
    with pytest.raises(TemplateError, match="JMESPath"):
        search(query, [1e308, 1e308])


@pytest.mark.parametrize("literal", [f"{'1' * 400}.0", '"\\ud800"'])
def test_a_default_is_json(literal: str) -> None:
    with pytest.raises(TemplateError, match="the default is no JSON"):
        parse(f"{{{{row.a | default({literal})}}}}")


TWICE = [
    '{"a":1,"a":null}',
    '{"a":{"b":[{"c":1,"d":2,"c":1}]}}',
    '{"":1,"":2}',
    r'{"callingWindow":{},"calling\u0057indow":null}',
]


@pytest.mark.parametrize("text", TWICE)
def test_a_name_that_is_there_twice_is_refused_at_every_door(text: str) -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        parse_object(text.encode())
    rows = list(read_rows(RowFormat.NDJSON, [f'{text}\n{{"a":1}}\n'.encode()], set()))
    assert [row.fault is None for row in rows] == [False, True]
    with pytest.raises(RowsRefused, match="twice"):
        list(read_rows(RowFormat.JSON, [f"[{text}]".encode()], set()))


@given(st.recursive(st.integers(), lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4)))
def test_names_of_different_objects_may_be_the_same(value: Any) -> None:
    assert repeated_name(json.dumps({"a": value, "b": [value, value]})) is None


def test_long_numbers_are_no_hindrance_to_finding_a_name_twice() -> None:
    assert repeated_name(f'{{"n":{"1" * 5000},"n":1e400}}') == "n"


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), ([1], [True]), ({"a": {"b": 0}}, {"a": {"b": False}})]
)
def test_true_is_not_1(one: Any, other: Any) -> None:
    assert one == other, "so Python says"
    assert not same_json(one, other)


def test_json_values_are_the_same_if_they_say_the_same() -> None:
    assert same_json({"a": [1, {"b": None}], "c": 5.0}, {"c": 5, "a": (1, {"b": None})})
    for one, other in (({"a": 1}, {"a": 1, "b": None}), ([1], [1, 1]), ("1", 1), (None, 0), ({}, [])):
        assert not same_json(one, other)
