"""Size limits of rendered values, checked before they are built. Pure."""

from __future__ import annotations

from typing import Any

from trunkline.templating.templates import Scope, TemplateError, render_json


def require_size(value: Any, limit: int, what: str) -> None:
    """Refuse a JSON value of more than about `limit` bytes of UTF-8.

    A value may contain the same object many times: each occurrence counts, as it would be written, and
    counting stops at the limit.

    Raises:
        TemplateError: names what is too large.
    """
    left = limit
    remaining = [value]
    while remaining:
        part = remaining.pop()
        if isinstance(part, dict):
            left -= sum(_bytes(name) + 4 for name in part)
            remaining += part.values()
        elif isinstance(part, list):
            left -= len(part) + 2
            remaining += part
        else:
            left -= _bytes(part) if isinstance(part, str) else 8
        if left < 0:
            raise TemplateError(f"{what} would be larger than {limit} bytes")


def render_within(value: Any, scope: Scope, limit: int, what: str) -> Any:
    """Render a JSON value's texts, which may refer to the same large value many times.

    Raises:
        TemplateError: as `render_json`, or it would be too large.
    """
    rendered = render_json(value, scope)
    require_size(rendered, limit, what)
    return rendered


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
