"""Queries, templates and defaults make nothing much larger than what they are given, not even on the way."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from trunkline.templating import escaping
from trunkline.templating.jmespath_query import search
from trunkline.templating.templates import TemplateError
from trunkline.tools.parameters import Parameter, with_defaults

MIB = 1024 * 1024


@contextmanager
def memory_within(limit: int) -> Iterator[None]:
    """Fail if the block allocates more at once."""
    tracemalloc.start()
    try:
        yield
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < limit


@pytest.mark.parametrize("content_type", ["application/json", escaping.FORM_TYPE])
def test_a_body_of_many_long_texts_is_refused_before_it_fills_the_memory(content_type: str) -> None:
    body = {f"k{n}": "x{{params.x}}" for n in range(1_500)}
    with memory_within(8 * MIB), pytest.raises(TemplateError, match="the body would be larger"):
        escaping.render_body(body, content_type, {"params": {"x": "😀" * 60_000}})


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("join(a, b)", {"a": "x" * 50_000, "b": [""] * 30_000}),
        ("length(join(a, b))", {"a": "x" * 1_000, "b": [""] * 30_000}),
        ("to_string(to_array(" * 9 + "@" + "))" * 9, '"' * 200_000),
    ],
)
def test_a_query_makes_no_text_much_larger_than_its_input(query: str, value: Any) -> None:
    with memory_within(32 * MIB), pytest.raises(TemplateError, match="would be larger"):
        search(query, value)


def test_the_bounded_functions_of_queries_do_what_the_language_says() -> None:
    assert search("join(', ', @)", ["a", "b", "c"]) == "a, b, c"
    assert search("join(', ', @)", []) == ""
    assert search("to_string(@)", "ä") == "ä"
    assert search("to_string(@)", {"a": [1, "ä", None]}) == '{"a":[1,"ä",null]}'
    for query, value in (("join(@, @)", 5), ("join(', ', @)", [1]), ("join(', ')", [])):
        with pytest.raises(TemplateError, match="does not apply"):
            search(query, value)


@pytest.mark.parametrize(
    ("kind", "repeated"),
    [("array", lambda path: [path, path]), ("object", lambda path: {"a": path, "b": path})],
)
def test_defaults_that_repeat_each_other_do_not_grow(kind: str, repeated: Callable[[str], Any]) -> None:
    first = {"name": "p0", "type": "string", "default": "x" * 100}
    others = [
        {"name": f"p{n}", "type": kind, "default": repeated(f"{{{{params.p{n - 1}}}}}")} for n in range(1, 50)
    ]
    parameters = [Parameter.model_validate(each) for each in (first, *others)]
    with pytest.raises(TemplateError, match="default values of parameters would be larger"):
        with_defaults(parameters, {}, {})
    assert with_defaults(parameters[:3], {}, {})["p2"] == repeated(repeated("x" * 100))
