"""Read cache over a repository, for imports that repeat a read for every row."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
_MOST = 1000


class ReadCache:
    """Calls a repository's method once for the same arguments, which must be hashable; for reads only."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._answers: dict[str, Callable[..., Any]] = {}

    @classmethod
    def wrap(cls, store: T) -> T:
        """Wrap a repository."""
        return cast("T", cls(store))

    @staticmethod
    def function(ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Wrap one function."""
        return lru_cache(maxsize=_MOST)(ask)

    def __getattr__(self, name: str) -> Any:
        if name not in self._answers:
            self._answers[name] = lru_cache(maxsize=_MOST)(getattr(self._store, name))
        return self._answers[name]
