"""Memoising read cache over a repository, for work that repeats a read for every row."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
_MOST = 1000


class ReadCache:
    """Asks each question of a store once. Only what is asked by hashable values can be remembered, and
    nothing may be changed through it."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._answers: dict[str, Callable[..., Any]] = {}

    @classmethod
    def wrap(cls, store: T) -> T:
        """A store as before, that remembers its answers."""
        return cast("T", cls(store))

    @staticmethod
    def function(ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The same for one function."""
        return lru_cache(maxsize=_MOST)(ask)

    def __getattr__(self, name: str) -> Any:
        if name not in self._answers:
            self._answers[name] = lru_cache(maxsize=_MOST)(getattr(self._store, name))
        return self._answers[name]
