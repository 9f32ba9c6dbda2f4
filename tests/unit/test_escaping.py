"""Whatever a value is, it stays in its place: path, query, header, JSON, form, XML."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.templating import escaping
from trunkline.templating.templates import TemplateError, parse

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HOSTILE = (
    "../admin",
    "..",
    "a/b",
    "?x=1",
    "#f",
    "@evil.test",
    "\r\nX-A: 1",
    "%2e%2e",
    "\\",
    "//evil",
    "&a=b",
)


def scope(value: Any) -> dict[str, Any]:
    return {"params": {"x": value}}


@pytest.mark.parametrize(
    "url",
    [
        "{{params.x}}",
        "{{params.x}}://a.example/",
        "https://{{params.x}}/meals",
        "https://{{params.x}}.example.com/",
        "https://a.example{{params.x}}",
        "https://a.example:{{params.x}}/",
        "https://user:{{params.x}}@a.example/",
        "//a.example/{{params.x}}",
        "/meals/{{params.x}}",
        "https:{{params.x}}",
        "https://",
        "",
    ],
)
def test_a_value_can_not_change_the_host(url: str) -> None:
    with pytest.raises(TemplateError, match="path and query alone"):
        escaping.require_fixed_host(parse(url))


@given(TEXTS.filter(bool))
@pytest.mark.parametrize("hostile", [None, *HOSTILE])
def test_a_value_stays_one_segment_of_the_path(hostile: str | None, value: str) -> None:
    value = hostile or value
    try:
        url = escaping.render_url("https://a.example/users/{{params.x}}/meals?v=1", scope(value))
    except TemplateError:
        assert value in (".", "..")
        return
    split = urlsplit(url)
    assert (split.scheme, split.netloc, split.query, split.fragment) == ("https", "a.example", "v=1", "")
    segments = split.path.split("/")
    assert (segments[1], segments[3], len(segments)) == ("users", "meals", 4)
    assert unquote(segments[2]) == value


@given(TEXTS)
@example("a=b&c=d")
@example("#")
def test_a_value_stays_one_parameter_of_the_query(value: str) -> None:
    for form in ("", " | urlencode"):
        url = escaping.render_url(f"https://a.example/m?q={{{{params.x{form}}}}}&v=1", scope(value))
        assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [("q", value), ("v", "1")]
        assert urlsplit(url).fragment == ""


def test_an_empty_segment_is_refused_and_an_empty_parameter_is_none() -> None:
    with pytest.raises(TemplateError, match="is empty: it would change the path"):
        escaping.render_url("https://a.example/users/{{params.x}}", scope(""))
    assert escaping.render_url("https://a.example/m?q={{params.x}}", scope("")) == "https://a.example/m?q="
    with pytest.raises(TemplateError, match="segment"):
        escaping.render_url("https://a.example/{{params.x}}{{params.x}}/m", scope("."))
    with pytest.raises(TemplateError, match="segment"):
        escaping.render_url("https://a.example/.{{params.x}}", scope("."))


@given(TEXTS)
@example("a\r\nX-Evil: 1")
@example("a\nb")
@example(" a")
@example("ä")
@example("\x00")
def test_a_header_takes_visible_ascii_alone(value: str) -> None:
    try:
        filled = escaping.render_header("Bearer {{params.x}}", scope(value))
    except TemplateError:
        return
    assert filled == f"Bearer {value}"
    assert not set(filled) & set("\r\n\x00")
    assert filled == filled.strip()


@given(TEXTS)
@example('", "admin": true, "x": "')
def test_a_value_stays_one_string_of_a_json_body(value: str) -> None:
    body = {"meal": "{{params.x}}", "note": "says {{params.x}}!", "list": ["{{params.x}}"]}
    sent = json.loads(escaping.render_body(body, "application/json; charset=utf-8", scope(value)))
    assert sent == {"meal": value, "note": f"says {value}!", "list": [value]}


@given(TEXTS)
@example("a&admin=1")
def test_a_value_stays_one_field_of_a_form(value: str) -> None:
    fields = [("a", value), ("b", "1")]
    as_object = escaping.render_body({"a": "{{params.x}}", "b": 1}, escaping.FORM_TYPE, scope(value))
    as_text = escaping.render_body("a={{params.x}}&b=1", escaping.FORM_TYPE, scope(value))
    encoded = escaping.render_body("a={{params.x | urlencode}}&b=1", escaping.FORM_TYPE, scope(value))
    for sent in (as_object, as_text, encoded):
        assert parse_qsl(sent.decode(), keep_blank_values=True) == fields


@given(TEXTS)
@example("</meal><admin/>")
@example('"><x y="')
def test_a_value_stays_one_text_of_an_xml_body(value: str) -> None:
    text = '<meal name="{{params.x}}">{{params.x}}</meal>'
    try:
        sent = escaping.render_body(text, "text/xml", scope(value))
    except TemplateError:
        return
    root = ElementTree.fromstring(sent.decode())  # noqa: S314 - ours
    assert root.tag == "meal"
    assert len(root) == 0
    assert (root.text or "") == value.replace("\r\n", "\n").replace("\r", "\n")


def test_a_text_body_of_json_is_one_value() -> None:
    assert escaping.render_body("{{params.x}}", "application/json", scope({"a": [1]})) == b'{"a":[1]}'
    assert escaping.render_body("{{params.x}}", "", scope("a")) == b'"a"'
    assert escaping.render_body("say {{params.x}}", "text/plain", scope("a")) == b"say a"
    with pytest.raises(TemplateError, match="form's field"):
        escaping.render_body({"a": "{{params.x}}"}, escaping.FORM_TYPE, scope([1]))


def test_a_body_can_not_grow_without_end() -> None:
    large = {"list": ["x" * 1000] * 50}
    with pytest.raises(TemplateError, match="the body would be larger"):
        escaping.render_body({str(n): "{{params.x}}" for n in range(5000)}, "", scope(large))
