"""How large a value made by templates and queries may be, found out before it is written. Pure."""

from __future__ import annotations

from typing import Any

from trunkline.templating.templates import Scope, TemplateError, render_json


def require_size(value: Any, most: int, what: str) -> None:
    """Refuse a JSON value of more than about `most` characters.

    The parts of a value may be the same object many times over: it is counted as it would be written, and
    counting ends where it is too much.

    Raises:
        TemplateError: names what is too large.
    """
    left = most
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            left -= sum(len(name) + 4 for name in each)
            waiting += each.values()
        elif isinstance(each, list):
            left -= len(each) + 2
            waiting += each
        else:
            left -= len(each) if isinstance(each, str) else 8
        if left < 0:
            raise TemplateError(f"{what} would be larger than {most} characters")


def render_within(value: Any, scope: Scope, most: int, what: str) -> Any:
    """Put values into a JSON value's texts, which may name the same large thing many times over.

    Raises:
        TemplateError: as `fill_json`, or it would be too large.
    """
    filled = render_json(value, scope)
    require_size(filled, most, what)
    return filled
