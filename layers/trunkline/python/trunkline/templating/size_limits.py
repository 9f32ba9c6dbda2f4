"""Size limits of rendered values, checked while they are built. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunkline.templating.templates import Scope, TemplateError, render_json


def require_size(value: Any, limit: int, what: str) -> None:
    """Refuse a JSON value of more than about `limit` bytes of UTF-8.

    A value may contain the same object many times: each occurrence counts, as it would be written, and
    counting stops at the limit.

    Raises:
        TemplateError: names what is too large.
    """
    SizeBudget(limit, what).spend(value)


def render_within(value: Any, scope: Scope, limit: int, what: str) -> Any:
    """Render a JSON value's texts, which may refer to the same large value many times.

    Each text counts as soon as it is rendered: a thousand texts with a large value inside each are refused
    before they fill the memory.

    Raises:
        TemplateError: as `render_json`, or it would be too large.
    """
    return SizeBudget(limit, what).render(value, scope)


@dataclass
class SizeBudget:
    """The bytes that are left for `what`, of `limit`."""

    limit: int
    what: str

    def __post_init__(self) -> None:
        self._left = self.limit

    def spend(self, value: Any) -> None:
        """Count a JSON value; raises as `require_size`."""
        remaining = [value]
        while remaining:
            part = remaining.pop()
            if isinstance(part, dict):
                self._take(sum(_bytes(name) + 4 for name in part))
                remaining += part.values()
            elif isinstance(part, list):
                self._take(len(part) + 2)
                remaining += part
            else:
                self._take(_bytes(part) if isinstance(part, str) else 8)

    def render(self, value: Any, scope: Scope) -> Any:
        """Render a JSON value and count it; raises as `render_within`."""
        if isinstance(value, dict):
            self.spend(dict.fromkeys(value, ""))
            return {name: self.render(each, scope) for name, each in value.items()}
        if isinstance(value, list):
            self._take(len(value) + 2)
            return [self.render(each, scope) for each in value]
        rendered = render_json(value, scope)
        self.spend(rendered)
        return rendered

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise TemplateError(f"{self.what} would be larger than {self.limit} bytes")


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
