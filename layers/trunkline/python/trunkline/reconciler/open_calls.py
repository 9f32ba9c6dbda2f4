"""Look at the open calls of lanes: what one invocation cannot do in its time goes on in others.

A lane with a few hundred calls is looked at where its trunk is. A longer one is cut into ranges of the index
of open calls, and each is a task of its own; so is what is left when the time is up, from there on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from trunkline.calls.models import Call
from trunkline.calls.open_call_index import OpenEntry
from trunkline.calls.repository import CallRepository
from trunkline.core.concurrency import gather_bounded
from trunkline.core.item_guard import ItemGuard
from trunkline.reconciler.tasks import CallRange

BUDGET_S = 25.0
"""How long a task begins to look at calls; what is left goes on in another."""

MAX_CALLS = 1_500
"""Calls that a task looks at by itself."""

RANGE_CALLS = 500
"""Calls of a range, and those of one lane that a task looks at by itself."""

_MAX_CONCURRENT = 16
_PAGE = 50

RepairCall = Callable[[Call], Awaitable[None]]


class Walks(Protocol):
    """Hands ranges of calls over to other invocations."""

    def is_walked(self, lane: str) -> bool: ...
    def begin(self, parts: Sequence[CallRange], group: str) -> None: ...
    def go_on(self, part: CallRange, first: str, group: str) -> None: ...


@dataclass
class OpenCalls:
    """The looks of one task; `offload` runs a blocking call outside the event loop.

    Without `walks` it looks at everything itself, for as long as that takes.
    """

    calls: CallRepository
    offload: Callable[..., Awaitable[Any]]
    guard: ItemGuard
    walks: Walks | None = None
    _room: int = MAX_CALLS
    _ends_s: float | None = None

    async def look_at_lane(self, lane: str, now_ms: int, group: str, repair: RepairCall) -> None:
        """Look at the lane's calls that are in progress or have expired, or have others do so."""
        walks = self.walks
        if walks and walks.is_walked(lane):
            return
        entries: list[OpenEntry] = await self.offload(self.calls.open_calls.to_reconcile, lane, now_ms)
        left: Sequence[OpenEntry] = entries
        if walks is None or len(entries) <= min(RANGE_CALLS, self._room):
            self._room -= len(entries)
            left = await self._look(entries, repair)
        if walks and left:
            await self.offload(walks.begin, list(_ranges(lane, left, now_ms)), group)

    async def look_at_range(self, part: CallRange, group: str, repair: RepairCall) -> bool:
        """Look at a range; return whether nothing of it is left for another task."""
        entries = await self.offload(
            lambda: list(self.calls.open_calls.between(part.partition, part.first, part.last))
        )
        left = await self._look(entries, repair)
        if self.walks and left:
            await self.offload(self.walks.go_on, part, left[0].sort_key, group)
        return not left

    async def _look(self, entries: Sequence[OpenEntry], repair: RepairCall) -> Sequence[OpenEntry]:
        """Look at calls in order, page by page, until the time is up; return those that are left.

        A page is read before its look-ups: every write is conditional on the version that was read.
        """
        begun: set[str] = set()

        async def look(call: Call) -> None:
            if not self._is_over():
                begun.add(call.id)
                await repair(call)

        for start in range(0, len(entries), _PAGE):
            page = entries[start : start + _PAGE]
            with self.guard.item("calls", page[0].call_id):
                loaded = await self.offload(self.calls.load_all, [each.call_id for each in page], self.guard)
                await gather_bounded(_MAX_CONCURRENT, look, loaded)
                if late := [call.id for call in loaded if call.id not in begun]:
                    ids = [each.call_id for each in page]
                    return entries[start + ids.index(late[0]) :]
        return ()

    def _is_over(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        self._ends_s = self._ends_s or now_s + BUDGET_S
        return self.walks is not None and now_s >= self._ends_s


def _ranges(lane: str, entries: Sequence[OpenEntry], now_ms: int) -> Iterator[CallRange]:
    number = 0
    for partition, group in groupby(entries, lambda entry: entry.partition):
        found = list(group)
        for start in range(0, len(found), RANGE_CALLS):
            first, last = found[start], found[min(start + RANGE_CALLS, len(found)) - 1]
            yield CallRange(lane, number, now_ms, partition, first.sort_key, last.sort_key)
            number += 1
