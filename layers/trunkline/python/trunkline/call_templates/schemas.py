"""Validation of call templates: their size, their roots and the workflow they name."""

from __future__ import annotations

from typing import Any

from trunkline.core.json_text import json_bytes
from trunkline.templating.templates import TemplateError, expressions_in

MAX_TEMPLATE_BODY_BYTES = 32 * 1024


def begin_with(root: str, value: Any, place: str) -> None:
    """Raise `ValueError`, which names the place, if an expression does not begin with `root`."""
    try:
        for where, expression in expressions_in(value, place):
            if expression.root != root:
                raise ValueError(f"{where}: {expression.text} must begin with {root}")
    except TemplateError as error:
        raise ValueError(error.message) from error


def template_of(root: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the template; raise `ValueError` if it is too large or an expression leaves `root`."""
    if json_bytes(body) > MAX_TEMPLATE_BODY_BYTES:
        raise ValueError(f"body is larger than {MAX_TEMPLATE_BODY_BYTES} bytes")
    begin_with(root, body, "body")
    return body
