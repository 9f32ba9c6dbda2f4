"""Bounded JMESPath queries: short expressions that cannot multiply their input. Pure.

Source: https://jmespath.org/specification.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from trunkline.core.json_text import require_json
from trunkline.templating.size_limits import require_size
from trunkline.templating.templates import TemplateError

MAX_EXPRESSION = 200
MAX_RESULT = 64 * 1024
_MAX_NODES = 60
_MAX_LISTS = 2
"""Each `[a, b, …]` or `{…}` may repeat what it is given: two of them at most."""


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
        found = _compiled(text).search(value)
    except (JMESPathError, ArithmeticError, ValueError, TypeError) as error:
        raise TemplateError(f"JMESPath {text}: the answer is not what it is made for") from error
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
    kinds = list(_kinds(query.parsed))
    lists = sum(kind.startswith("multi_select") for kind in kinds)
    if len(kinds) > _MAX_NODES or lists > _MAX_LISTS:
        raise TemplateError(f"JMESPath {text} is too large: {_MAX_LISTS} lists or objects at most")
    return query


def _kinds(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield node["type"]
        for child in node["children"]:
            yield from _kinds(child)
