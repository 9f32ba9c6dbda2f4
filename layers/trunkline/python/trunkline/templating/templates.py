"""`{{path | filter}}`: a value looked up in plain data, never code. Pure.

A path is names and list indices from one of `ROOTS`; it is looked up in dicts and lists alone, so there is
no attribute to reach. A name has letters of any alphabet; other names are written as `["name"]`. Only columns
of a `row` may have spaces without that: `{{row.First Name}}`. The result of a template is never parsed as a
template.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from trunkline.core.json_text import json_text, parse_json

ROOTS = ("user", "params", "workflow", "call", "secrets", "event", "schedule", "row")
MAX_STEPS = 20
MAX_TEXT = 64 * 1024
MAX_EXPRESSION = 500
_NAME = r"[\w-]+(?: +[\w-]+)*"
_KEY = r'"[^"\\{}]{1,200}"'
_PATH = re.compile(rf"([A-Za-z_][A-Za-z0-9_-]*)((?:\.{_NAME}|\[(?:[0-9]{{1,6}}|{_KEY})\])*)")
_STEP = re.compile(rf"\.({_NAME})|\[(?:([0-9]{{1,6}})|({_KEY}))\]")
_LITERAL = r'"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?|true|false|null|\[\]|\{\}'
_FILTER = re.compile(rf"\s*\|\s*(?:(json|urlencode)|default\(\s*({_LITERAL})\s*\))")

Scope = Mapping[str, Any]
"""What templates see: a value for each root."""


class TemplateError(Exception):
    """A template is not valid, or its value does not fit its place; `message` may be shown, because it names
    the template, never a value."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Encoding(StrEnum):
    """The form in which a value is written."""

    PLAIN = "plain"
    JSON = "json"
    URLENCODE = "urlencode"


@dataclass(frozen=True)
class Expression:
    """One `{{…}}`; `default` is a 1-tuple if there is one, `text` is as it was written."""

    path: tuple[str, ...]
    encoding: Encoding
    default: tuple[Any, ...]
    text: str

    @property
    def root(self) -> str:
        return self.path[0]


Part = str | Expression
Escape = Callable[[str, Expression], str]


@dataclass(frozen=True)
class Template:
    """A text's literal parts and expressions, in order."""

    parts: tuple[Part, ...]

    @property
    def expressions(self) -> Iterator[Expression]:
        return (part for part in self.parts if isinstance(part, Expression))

    @property
    def whole(self) -> Expression | None:
        """Return the expression that makes up the whole text, if there is one."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return only if isinstance(only, Expression) else None


def parse(text: str) -> Template:
    """Parse a text.

    Raises:
        TemplateError: something between `{{` and `}}` is not a path with filters, or a `{{` is not closed.
    """
    return _parse_cached(text) if len(text) <= _MAX_CACHED_LENGTH else _parse(text)


def _parse(text: str) -> Template:
    parts: list[Part] = []
    end = 0
    while (start := text.find("{{", end)) >= 0:
        close = text.find("}}", start + 2)
        if close < 0:
            raise TemplateError("a {{ is not closed by }}")
        if literal := text[end:start]:
            parts.append(literal)
        end = close + 2
        parts.append(_expression(text[start:end]))
    return Template((*parts, text[end:]) if text[end:] else tuple(parts))


_MAX_CACHED_LENGTH = 1000
_parse_cached = lru_cache(maxsize=512)(_parse)


def evaluate(expression: Expression, scope: Scope) -> Any:
    """Look up an expression; a value keeps its type. The default replaces a missing or null one, and an empty
    cell of a row.

    Raises:
        TemplateError: the value is missing and there is no default.
    """
    found = _lookup(expression.path, scope)
    is_empty = found is _NOTHING or found is None or (found == "" and expression.root == "row")
    if is_empty and expression.default:
        return expression.default[0]
    if found is _NOTHING:
        raise TemplateError(f"{expression.text} is not known in this call")
    return found


def to_text(expression: Expression, scope: Scope) -> str:
    """Return an expression's value as text, in its encoding.

    Raises:
        TemplateError: the value is missing, null, or a list or object without the JSON filter.
    """
    value = evaluate(expression, scope)
    if expression.encoding is Encoding.JSON:
        return json_text(value)
    if value is None:
        raise TemplateError(f'{expression.text} is null: give it a default, as in | default("")')
    if isinstance(value, dict | list):
        kind = "a list" if isinstance(value, list) else "an object"
        raise TemplateError(f"{expression.text} is {kind}: write it with | json")
    text = value if isinstance(value, str) else json_text(value)
    return percent_encoded(text) if expression.encoding is Encoding.URLENCODE else text


def percent_encoded(text: str) -> str:
    """Encode every character but letters, digits, `-`, `.`, `_` and `~` (RFC 3986, 2.1)."""
    return quote(text.encode("utf-8", "replace"), safe="")


def render(template: Template, scope: Scope, escape: Escape = lambda text, _: text) -> str:
    """Render a text; `escape` makes each value fit its place.

    Raises:
        TemplateError: as `to_text`, or the text becomes too long.
    """
    done: list[str] = []
    length = 0
    for part in template.parts:
        done.append(part if isinstance(part, str) else escape(to_text(part, scope), part))
        length += len(done[-1])
        if length > MAX_TEXT:
            raise TemplateError(f"a text would be longer than {MAX_TEXT} characters")
    return "".join(done)


def render_json(value: Any, scope: Scope) -> Any:
    """Render a JSON value's texts; a text that is only one template keeps the value's type.

    Raises:
        TemplateError: as `to_text`.
    """
    if isinstance(value, str):
        template = parse(value)
        only = template.whole
        if only and only.encoding is Encoding.PLAIN:
            return evaluate(only, scope)
        return render(template, scope)
    if isinstance(value, dict):
        return {name: render_json(each, scope) for name, each in value.items()}
    return [render_json(each, scope) for each in value] if isinstance(value, list) else value


def expressions_in(value: Any, path: str = "") -> Iterator[tuple[str, Expression]]:
    """Return every expression in a JSON value's texts with its path.

    Raises:
        TemplateError: a text is not a valid template; the message begins with its path.
    """
    if isinstance(value, str):
        try:
            yield from ((path, each) for each in parse(value).expressions)
        except TemplateError as error:
            raise TemplateError(f"{path}: {error.message}") from error
    elif isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(name, str) and "{{" in name:
                raise TemplateError(f"{path}: a name can't be a template")
            yield from expressions_in(each, f"{path}.{name}" if path else str(name))


def _expression(text: str) -> Expression:
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    inner = text[2:-2].strip()
    if inner.startswith(
        "row"
    ):  # the columns of a file are named with composed accents, however it spells them
        inner = unicodedata.normalize("NFC", inner)
    match = _PATH.match(inner) if len(inner) <= MAX_EXPRESSION else None
    if match is None:
        raise TemplateError(f"{shown} is not a path with filters (json, urlencode, default(…))")
    if match[1] not in ROOTS:
        raise TemplateError(f"{shown} must begin with one of {', '.join(ROOTS)}")
    steps = _steps(match[1], match[2], shown)
    if len(steps) > MAX_STEPS:
        raise TemplateError(f"{shown} has more than {MAX_STEPS} steps")
    return Expression((match[1], *steps), *_filters(inner[match.end() :], shown), shown)


def _steps(root: str, text: str, shown: str) -> tuple[str, ...]:
    found = [(name, index or key[1:-1]) for name, index, key in _STEP.findall(text)]
    if root != "row" and any(" " in name for name, _ in found):
        raise TemplateError(f'{shown}: write a name with spaces as ["name"]')
    return tuple(name or other for name, other in found)


def _filters(text: str, shown: str) -> tuple[Encoding, tuple[Any, ...]]:
    encoding = Encoding.PLAIN
    default: tuple[Any, ...] = ()
    while match := _FILTER.match(text):
        if match[1]:
            encoding = Encoding(match[1])
        else:
            try:
                default = (parse_json(match[2]),)
            except ValueError as error:
                raise TemplateError(f"{shown}: the default is no JSON") from error
        text = text[match.end() :]
    if text.strip():
        raise TemplateError(f"{shown} is not a path with filters (json, urlencode, default(…))")
    return encoding, default


_SHOWN = 100
_NOTHING = object()


def _lookup(path: tuple[str, ...], scope: Scope) -> Any:
    found: Any = scope
    for step in path:
        if isinstance(found, Mapping):
            found = found.get(step, _NOTHING)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return _NOTHING
    return found
