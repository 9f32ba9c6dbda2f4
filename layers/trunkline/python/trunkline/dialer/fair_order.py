"""Fair order of waiting calls: by priority, direct before batch, then round robin over tenants. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from trunkline.calls.queue_position import QueuePosition


class FairScheduler:
    """Remembers which tenant was served last, so that one tenant's burst cannot starve another.

    A new run starts without this memory, which costs a tenant at most one turn.
    """

    def __init__(self) -> None:
        self._served: dict[str, int] = {}
        self._count = 0

    def order(self, positions: Iterable[QueuePosition]) -> list[QueuePosition]:
        """Sort positions into the order in which they are to be dialled."""
        waiting: dict[str, deque[QueuePosition]] = defaultdict(deque)
        for position in sorted(positions, key=lambda position: position.key):
            waiting[position.tenant_id].append(position)
        served, count = dict(self._served), self._count
        ordered: list[QueuePosition] = []
        while waiting:
            heads = [entries[0] for entries in waiting.values()]
            best = min(
                heads,
                key=lambda position: (position.rank, served.get(position.tenant_id, -1), position.tenant_id),
            )
            count += 1
            served[best.tenant_id] = count
            ordered.append(waiting[best.tenant_id].popleft())
            if not waiting[best.tenant_id]:
                del waiting[best.tenant_id]
        return ordered

    def record_served(self, position: QueuePosition) -> int:
        """Record that a position was served, and return its number in the order of serving."""
        self._count += 1
        self._served[position.tenant_id] = self._count
        return self._count
