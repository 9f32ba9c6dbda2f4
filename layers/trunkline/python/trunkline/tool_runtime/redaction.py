"""Redaction of secrets in everything that a tool returns, saves or logs. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape as xml_escape

from trunkline.core.json_text import json_text
from trunkline.core.redaction import HIDDEN
from trunkline.templating.templates import Scope, percent_encoded

_MIN_LENGTH = 4
"""Shorter secrets are not redacted: they are part of too many other texts."""


@dataclass(frozen=True)
class SecretRedactor:
    """Redacts secret texts wherever they occur, and `values` of any length where they are a whole value."""

    texts: tuple[str, ...]
    values: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scope: Scope, hidden: Iterable[str]) -> SecretRedactor:
        """Build the redactor of a scope.

        The secrets are the tenant's, and the values of hidden names in the user context and the state.
        """
        hidden = frozenset(hidden)
        found = set(_texts(scope.get("secrets", {})))
        for root in ("user", "workflow"):
            for name, value in _items(scope.get(root)):
                if name in hidden:
                    found |= set(_texts(value))
        return cls(_longest_first(found))

    def knowing(self, secret: Any) -> SecretRedactor:
        """Return a redactor that also redacts the texts and numbers of a JSON value, of whatever length."""
        found = {text for text in _texts(secret) if text}
        return SecretRedactor(_longest_first({*self.texts, *found}), self.values | found)

    def redact_text(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self.texts:
            text = text.replace(secret, HIDDEN)
        return text

    def redact(self, value: Any) -> Any:
        """Return a JSON value without secrets.

        Secrets that occur nowhere in it are left out first: otherwise each of thousands would be looked for
        in each of thousands of texts.
        """
        whole = "\n".join(_all_texts(value))
        return SecretRedactor(tuple(text for text in self.texts if text in whole), self.values)._redact(value)

    def _redact(self, value: Any) -> Any:
        if isinstance(value, str):
            return HIDDEN if value in self.values else self.redact_text(value)
        if isinstance(value, dict):
            return {self.redact_text(name): self._redact(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._redact(item) for item in value]
        is_secret = _is_number(value) and (str(value) in self.values or str(value) in self.texts)
        return HIDDEN if is_secret else value


def redact_values(scope: Scope, hidden: Iterable[str]) -> dict[str, Any]:
    """Return a scope with hidden secrets, to show the result of a template."""
    hidden = frozenset(hidden)
    shown = dict(scope)
    for root in ("user", "workflow"):
        shown[root] = {
            name: _hidden(value) if name in hidden else value for name, value in _items(scope.get(root))
        }
    shown["secrets"] = _hidden(scope.get("secrets", {}))
    return shown


def _longest_first(found: set[str]) -> tuple[str, ...]:
    """Return texts in every form in which they occur in requests; a secret may be part of another."""
    forms: tuple[Callable[[str], str], ...] = (
        str,
        percent_encoded,
        quote_plus,  # as forms are encoded
        lambda text: json.dumps(text)[1:-1],
        lambda text: json_text(text)[1:-1],
        lambda text: xml_escape(text, {'"': "&quot;", "'": "&apos;"}),
    )
    whole = {form(text) for text in found for form in forms}
    return tuple(sorted((text for text in whole if len(text) >= _MIN_LENGTH), key=len, reverse=True))


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif _is_number(value):
        yield str(value)


def _all_texts(value: Any) -> Iterator[str]:
    """Yield the texts and numbers of a JSON value, and the names in it."""
    remaining = [value]
    while remaining:
        part = remaining.pop()
        if isinstance(part, Mapping):
            remaining += [*part, *part.values()]
        elif isinstance(part, list):
            remaining += part
        elif isinstance(part, str) or _is_number(part):
            yield str(part)


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(item) for name, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else HIDDEN


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
