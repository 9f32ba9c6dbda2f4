"""Keeps what is secret from whoever is told of a tool's doing: the model, the state, the log. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.core.redaction import HIDDEN
from trunkline.templating.templates import Scope, percent_encoded

_MIN_LENGTH = 4
"""A shorter text is part of too many others to be taken out of them."""


@dataclass(frozen=True)
class SecretRedactor:
    """The texts that may not be told."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, scope: Scope, hidden: Iterable[str]) -> SecretRedactor:
        """All secrets of a scope: the tenant's, and what stands under a hidden name in what is known of the
        person or in the workflow's state."""
        hidden = frozenset(hidden)
        found = set(_texts(scope.get("secrets", {})))
        for root in ("user", "workflow"):
            for name, value in _items(scope.get(root)):
                if name in hidden:
                    found |= set(_texts(value))
        whole = found | {percent_encoded(text) for text in found} | {json.dumps(text)[1:-1] for text in found}
        # The longest first: a secret may be part of another.
        return cls(tuple(sorted((t for t in whole if len(t) >= _MIN_LENGTH), key=len, reverse=True)))

    def text(self, text: str) -> str:
        """A text without the secrets in it."""
        for secret in self.texts:
            text = text.replace(secret, HIDDEN)
        return text

    def cleaned(self, value: Any) -> Any:
        """A JSON value without them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.cleaned(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.cleaned(each) for each in value]
        return HIDDEN if _is_number(value) and str(value) in self.texts else value


def redact_values(scope: Scope, hidden: Iterable[str]) -> dict[str, Any]:
    """The scope with its secrets hidden, to show what a template makes of it."""
    hidden = frozenset(hidden)
    shown = dict(scope)
    for root in ("user", "workflow"):
        shown[root] = {
            name: _hidden(value) if name in hidden else value for name, value in _items(scope.get(root))
        }
    shown["secrets"] = _hidden(scope.get("secrets", {}))
    return shown


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif _is_number(value):
        yield str(value)


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(each) for name, each in value.items()}
    return [_hidden(each) for each in value] if isinstance(value, list) else HIDDEN


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
