"""Whose call is next: strict priority, direct before batch, and within that the tenants in turn. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from trunkline.calls.queue_position import QueuePosition


class FairScheduler:
    """Remembers which tenant was served last, so that one tenant's burst cannot starve another.

    A new run begins without memory; that costs at most one turn.
    """

    def __init__(self) -> None:
        self._served: dict[str, int] = {}
        self._count = 0

    def order(self, places: Iterable[QueuePosition]) -> list[QueuePosition]:
        """Put places in the order in which they are to be dialled from now on."""
        waiting: dict[str, deque[QueuePosition]] = defaultdict(deque)
        for place in sorted(places, key=lambda place: place.key):
            waiting[place.tenant_id].append(place)
        served, count = dict(self._served), self._count
        ordered: list[QueuePosition] = []
        while waiting:
            heads = [entries[0] for entries in waiting.values()]
            best = min(
                heads, key=lambda place: (place.rank, served.get(place.tenant_id, -1), place.tenant_id)
            )
            count += 1
            served[best.tenant_id] = count
            ordered.append(waiting[best.tenant_id].popleft())
            if not waiting[best.tenant_id]:
                del waiting[best.tenant_id]
        return ordered

    def took(self, place: QueuePosition) -> int:
        """Note that a place was served; returns its number in the order of serving."""
        self._count += 1
        self._served[place.tenant_id] = self._count
        return self._count
