"""A pass of the reconciler without a limit of time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from trunkline.reconciler.resumable import Items

_T = TypeVar("_T")


class PassOnce:
    """Runs a pass to its end, from the start."""

    def run(self, name: str, items: Items[_T], work: Callable[[_T], bool | None]) -> None:
        """Work on the items until `work` returns True; `name` is for passes that go on."""
        del name
        for _, item in items(""):
            if work(item):
                return
