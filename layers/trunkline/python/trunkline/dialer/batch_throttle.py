"""Filters for the calls that may be claimed now: free slots, and the pace left to batch calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trunkline.calls.queue_position import QueuePosition
from trunkline.trunks.models import TrunkState

_BURST_S = 0.5


class BatchThrottle:
    """Keeps batch calls to the share of the pace that is not reserved for direct ones."""

    def __init__(self) -> None:
        self._tokens = 1.0
        self._since_us: int | None = None

    def allowed(self, state: TrunkState, now_us: int) -> int | None:
        """Compute how many batch calls may be claimed now; None means no limit."""
        trunk = state.trunk
        if not trunk.direct_share:
            return None
        pace = (1 - trunk.direct_share) * trunk.cps
        passed_s = (now_us - (self._since_us or now_us)) / 1_000_000
        self._since_us = now_us
        self._tokens = min(max(1.0, pace * _BURST_S), self._tokens + pace * passed_s)
        return int(self._tokens)

    def record_claim(self) -> None:
        """Record that a batch call was claimed."""
        self._tokens = max(0.0, self._tokens - 1)


def concurrency_filter(
    positions: Iterable[QueuePosition], state: TrunkState, taken: Mapping[str, int], batch_allowed: int | None
) -> list[QueuePosition]:
    """Drop the positions whose pools are full, in the given order; each admitted one takes its slots."""
    taken = dict(taken)
    admitted: list[QueuePosition] = []
    for position in positions:
        limits = state.limits(position.tenant_id, batch=position.batch)
        if any(taken.get(pool, 0) >= limit for pool, limit in limits.items()):
            continue
        if position.batch and batch_allowed is not None:
            if batch_allowed <= 0:
                continue
            batch_allowed -= 1
        for pool in limits:
            taken[pool] = taken.get(pool, 0) + 1
        admitted.append(position)
    return admitted
