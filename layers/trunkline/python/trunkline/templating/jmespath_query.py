"""Bounded JMESPath queries: short expressions that cannot multiply their input. Pure.

Three things of the language repeat what they are given: lists and objects that an expression makes, `join`,
whose separator is written between all entries, and `to_string`, which escapes each quote once more.

Source: https://jmespath.org/specification.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.visitor import Options

from trunkline.core.json_text import json_text, require_json
from trunkline.templating.size_limits import require_size
from trunkline.templating.templates import TemplateError

MAX_EXPRESSION = 200
MAX_RESULT = 64 * 1024
_MAX_NODES = 60
_MAX_LISTS = 2
"""Each `[a, b, …]` or `{…}` may repeat what it is given: two of them at most."""

_MAX_TEXT = 1024 * 1024
"""Bytes of a text that a function makes on the way to the result."""


class _BoundedFunctions(Functions):
    """JMESPath's functions, of which two could make a text much larger than what they are given."""

    @signature({"types": ["string"]}, {"types": ["array-string"]})  # type: ignore[untyped-decorator, no-untyped-call]
    def _func_join(self, separator: str, parts: list[str]) -> str:
        if len(separator) * len(parts) + sum(map(len, parts)) > _MAX_TEXT:
            raise TemplateError(f"a text of join would be larger than {_MAX_TEXT} bytes")
        return separator.join(parts)

    @signature({"types": []})  # type: ignore[untyped-decorator, no-untyped-call]
    def _func_to_string(self, value: Any) -> str:
        require_size(value, _MAX_TEXT, "a text of to_string")
        return value if isinstance(value, str) else json_text(value)


_OPTIONS = Options(custom_functions=_BoundedFunctions())  # type: ignore[no-untyped-call]


def require_query(text: str) -> None:
    """Check that a text is a JMESPath expression within the bounds.

    Raises:
        TemplateError: it is not; the message has the reason.
    """
    _compiled(text)


def search(text: str, value: Any) -> Any:
    """Return the result of an expression on a JSON value; None if it finds nothing.

    Raises:
        TemplateError: the expression does not apply to a value of this type, or the result is too large.
    """
    try:
        found = _compiled(text).search(value, options=_OPTIONS)
    except (JMESPathError, ArithmeticError, ValueError, TypeError) as error:
        raise TemplateError(f"JMESPath {text} does not apply to this value") from error
    require_size(found, MAX_RESULT, f"what JMESPath {text} finds")
    try:
        require_json(found)  # `sum` of large numbers, or a literal, may be beyond JSON
    except ValueError as error:
        raise TemplateError(f"JMESPath {text}: what it finds is not valid JSON") from error
    return found


@lru_cache(maxsize=512)
def _compiled(text: str) -> Any:
    if len(text) > MAX_EXPRESSION:
        raise TemplateError(f"a JMESPath expression may have {MAX_EXPRESSION} characters")
    try:
        query = jmespath.compile(text)  # type: ignore[no-untyped-call]
    except (JMESPathError, ValueError, RecursionError) as error:
        raise TemplateError(f"{text} is no JMESPath expression") from error
    nodes = list(_nodes(query.parsed))
    for node in nodes:
        if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
            raise TemplateError(f"JMESPath {text}: there is no function {node['value']}")
    kinds = [node["type"] for node in nodes]
    lists = sum(kind.startswith("multi_select") for kind in kinds)
    if len(kinds) > _MAX_NODES or lists > _MAX_LISTS:
        raise TemplateError(f"JMESPath {text} is too large: {_MAX_LISTS} lists or objects at most")
    return query


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node["children"]:
            yield from _nodes(child)
