"""Passes that stop when their time is up, and go on from there a minute later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from trunkline.core.clock import Clock
from trunkline.reconciler.progress import Progress, ProgressRepository

BUDGET_US = 30_000_000
"""How long a pass takes at most, plus the work on one item."""

_T = TypeVar("_T")


Items = Callable[[str], Iterable[tuple[str, _T]]]
"""Items with their positions, from a position on."""


class PassRunner(Protocol):
    """Runs a pass over items."""

    def run(self, name: str, items: Items[_T], work: Callable[[_T], bool | None]) -> None: ...


@dataclass(frozen=True)
class ResumablePass:
    """Runs passes with bounded time; `known` has the cursors that the passes before left."""

    progress: ProgressRepository
    clock: Clock
    known: Progress

    def run(self, name: str, items: Items[_T], work: Callable[[_T], bool | None]) -> None:
        """Work on the items, each with its position, that `items(after)` yields from a position on.

        `items` begins behind `after` and comes round to it, so that no item waits behind the same others
        again and again. `work` returns True to end this pass.
        """
        after = self.known.cursors.get(name, "")
        ends_us = self.clock.monotonic_us() + BUDGET_US
        for position, item in items(after):
            if work(item) or self.clock.monotonic_us() >= ends_us:
                self.progress.save_cursor(name, position)
                return
        if after:
            self.progress.forget_cursor(name)


def rotated(positions: Sequence[str], after: str) -> Iterator[str]:
    """Yield sorted positions, first those behind `after`."""
    yield from (position for position in positions if position > after)
    yield from (position for position in positions if position <= after)
