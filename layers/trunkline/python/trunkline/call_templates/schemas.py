"""Validation of call templates: their size, their roots and the workflow they name."""

from __future__ import annotations

from typing import Any

from trunkline.core.json_text import json_bytes
from trunkline.templating.templates import TemplateError, expressions_in

MAX_TEMPLATE_BODY_BYTES = 32 * 1024


def begin_with(root: str, value: Any, place: str) -> None:
    """Refuse a template that speaks of anything but `root`.

    Raises:
        ValueError: names the place.
    """
    try:
        for where, expression in expressions_in(value, place):
            if expression.root != root:
                raise ValueError(f"{where}: {expression.text} must begin with {root}")
    except TemplateError as error:
        raise ValueError(error.message) from error


def template_of(root: str, body: dict[str, Any]) -> dict[str, Any]:
    """The template of a route's body, if it is one.

    Raises:
        ValueError: it is too large, or speaks of anything but `root`.
    """
    if json_bytes(body) > MAX_TEMPLATE_BODY_BYTES:
        raise ValueError(f"body is larger than {MAX_TEMPLATE_BODY_BYTES} bytes")
    begin_with(root, body, "body")
    return body
