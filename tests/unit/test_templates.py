"""Templates: looked up, never run; whatever is written, nothing but our own error comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.templating.templates import TemplateError, expressions_in, parse, render, render_json

SCOPE: dict[str, Any] = {
    "user": {
        "id": "user-123",
        "name": "John",
        "age": 41,
        "vip": True,
        "none": None,
        "tags": ["a", "b"],
        "home": {"city": "Ulm", "0": "zero"},
        "evil": "{{secrets.key}} {{user.id}}",
    },
    "params": {"count": 3, "rate": 1.5},
    "workflow": {"logged_meals": ["Breakfast", "Lunch"]},
    "call": {"id": "c-1"},
    "secrets": {"key": "s3cret"},
    "event": {"Straße": "S", "a.b c": "x", "empty": ""},
    "row": {"First Name": "Ann", "Téléphone": "+1", "empty": ""},
}
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=40)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def filled(text: str) -> str:
    return render(parse(text), SCOPE)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Bearer {{user.id}}", "Bearer user-123"),
        ("{{ user.id }}{{user.name}}", "user-123John"),
        ("{{user.age}} {{user.vip}} {{params.rate}}", "41 true 1.5"),
        ("{{user.tags[1]}} {{user.tags.0}} {{user.home.0}}", "b a zero"),
        ("{{user.tags | json}}", '["a","b"]'),
        ("{{user.name | json}}", '"John"'),
        ('{{user.nick | default("friend")}}', "friend"),
        ('{{user.none | default("a|b}c")}}', "a|b}c"),
        ("{{user.none | default(0)}}{{user.nick | default(true)}}", "0true"),
        ('{{user.nick | default("a b") | urlencode}}', "a%20b"),
        ("{{user.nick | default([]) | json}}", "[]"),
        ("no templates } }} { here", "no templates } }} { here"),
        ('{{event.Straße}} {{event["a.b c"]}} {{row.First Name}} {{row.Téléphone }}', "S x Ann +1"),
        ('{{row.empty | default("none")}}{{row.empty}}', "none"),
        ('{{row.First Name | default("x")}}{{row.No Such | default("y")}}', "Anny"),
        ('{{event.empty | default("none")}}', ""),
        ("", ""),
    ],
)
def test_a_text_is_filled(text: str, becomes: str) -> None:
    assert filled(text) == becomes


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("{{params.count}}", 3),
        ("{{user.tags}}", ["a", "b"]),
        ("{{workflow.logged_meals}}", ["Breakfast", "Lunch"]),
        ("{{user.none}}", None),
        ("{{user.nick | default(null)}}", None),
        ("{{user.nick | default({})}}", {}),
        ("{{user.tags | json}}", '["a","b"]'),
        ("n={{params.count}}", "n=3"),
        ({"a": ["{{user.vip}}", 1, None], "b": {"c": "{{user.home}}"}}, None),
    ],
)
def test_a_template_that_is_the_whole_text_keeps_the_values_type(value: Any, becomes: Any) -> None:
    if isinstance(value, dict):
        becomes = {"a": [True, 1, None], "b": {"c": SCOPE["user"]["home"]}}
    assert render_json(value, SCOPE) == becomes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{user.missing}}", "{{user.missing}} is not known in this call"),
        ("{{user.id.deeper}}", "is not known"),
        ("{{user.tags[2]}}", "is not known"),
        ("{{user.tags.-1}}", "is not known"),
        ("{{user.__class__}}", "is not known"),
        ("{{user.__class__.__mro__[1].__subclasses__}}", "is not known"),
        ("{{user.name.__len__}}", "is not known"),
        ("{{user.tags.append}}", "is not known"),
        ("{{user.none}}", "is null"),
        ("{{user.tags}} x", "is a list: write it with | json"),
        ("{{user.home}} x", "is an object: write it with | json"),
    ],
)
def test_what_can_not_be_filled_is_told_exactly(text: str, says: str) -> None:
    with pytest.raises(TemplateError, match=r".*") as refused:
        filled(text)
    assert says in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "{{user.id",
        "{{}}",
        "{{ }}",
        "{{.id}}",
        "{{user.}}",
        "{{user..id}}",
        "{{user[id]}}",
        "{{user['id']}}",
        "{{user.id()}}",
        "{{user.id + 1}}",
        "{{7*7}}",
        "{{user.id | upper}}",
        "{{user.id | default}}",
        "{{user.id | default(user.name)}}",
        '{{user.id | default("\\x")}}',
        "{{{user.id}}}",
        "{{ {{user.id}} }}",
        "{{user.{{params.count}}}}",
        "{{config.items}}",
        "{{__import__('os')}}",
        "{{user.id\n; import os}}",
        "{{" + "user." * 30 + "x}}",
        "{{user." + "x" * 600 + "}}",
        "{{user.id}} {{",
    ],
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse(text)


def test_what_a_template_yields_is_never_a_template() -> None:
    assert filled("{{user.evil}}") == SCOPE["user"]["evil"]
    assert render_json({"a": "x {{user.evil}}"}, SCOPE) == {"a": f"x {SCOPE['user']['evil']}"}


def test_a_names_template_is_refused_with_its_place() -> None:
    with pytest.raises(TemplateError, match=r"^body\.a: a name can't be a template"):
        list(expressions_in({"a": {"{{user.id}}": 1}}, "body"))
    with pytest.raises(TemplateError, match=r"^body\.list\.1: a {{ is not closed"):
        list(expressions_in({"list": ["x", "{{user.id"]}, "body"))


def test_a_text_can_not_grow_without_end() -> None:
    scope = {"user": {"x": "y" * 1000}}
    with pytest.raises(TemplateError, match="longer than"):
        render(parse("{{user.x}}" * 1000), scope)


def test_reading_is_linear() -> None:
    """A megabyte of braces is refused at once."""
    for text in ("{{" * 500_000, "{{x" * 300_000 + "}}", "{" * 1_000_000):
        with pytest.raises(TemplateError):
            list(parse(text + "{{").expressions)


@given(TEXTS)
def test_any_text_is_a_template_or_our_error(text: str) -> None:
    try:
        render(parse(text), SCOPE)
    except TemplateError:
        return


@given(st.text(st.sampled_from(list('{}|. []()"usercaljonWdft_0123\\')), max_size=60))
def test_nearly_templates_are_templates_or_our_error(text: str) -> None:
    try:
        render_json({"a": "{{" + text, "b": [text]}, SCOPE)
    except TemplateError:
        return


@given(JSON_VALUES)
def test_any_value_comes_through_as_it_is(value: Any) -> None:
    scope = {"user": {"x": value}}
    assert render_json("{{user.x}}", scope) == value
    assert json.loads(render(parse("{{user.x | json}}"), scope)) == value


@given(TEXTS, TEXTS)
def test_a_text_without_braces_is_itself_around_what_is_filled(before: str, after: str) -> None:
    before, after = before.replace("{", ""), after.replace("{", "")
    assert filled(f"{before}{{{{user.id}}}}{after}") == f"{before}user-123{after}"
