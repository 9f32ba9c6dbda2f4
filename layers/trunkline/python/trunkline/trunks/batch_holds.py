"""Batches that are held back: their calls stay in the line, and dialers step over them. Pure.

A batch's calls arrive in one span of its own, so that a hold is one item and not one change a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.calls.queue_position import LAST, QueuePosition


@dataclass(frozen=True)
class BatchHold:
    """The batch calls of a tenant that arrived from `first_us` to `last_us` are not dialled: until a moment,
    or until it is taken away."""

    tenant_id: str
    batch_id: str
    first_us: int
    last_us: int
    until_ms: int | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> BatchHold:
        """Read a stored hold."""
        return cls(
            item["tenant_id"], item["batch_id"], item["first_us"], item["last_us"], item.get("until_ms")
        )

    def counts(self, now_ms: int) -> bool:
        """Say whether its moment has not come."""
        return self.until_ms is None or now_ms < self.until_ms

    def covers(self, place: QueuePosition) -> bool:
        """Say whether a place is held."""
        mine = place.batch and place.tenant_id == self.tenant_id
        return mine and self.first_us <= place.arrived_at_us <= self.last_us

    def end_key(self, place: QueuePosition) -> str:
        """The sort key after which a line goes on, past the held places of this one's rank."""
        return f"{place.rank_key}{self.last_us:017d}#{LAST}"


def holding_batch(holds: Iterable[BatchHold], place: QueuePosition) -> BatchHold | None:
    """The hold that covers a place, if there is one."""
    return next((hold for hold in holds if hold.covers(place)), None)
