"""Batch holds: mark batch calls that stay in the queue and are not dialled. Pure.

A batch's calls arrive in a span of their own, so a hold is one item, not one change a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.calls.queue_position import LAST, QueuePosition


@dataclass(frozen=True)
class BatchHold:
    """Holds the batch calls of a tenant that arrived from `first_us` to `last_us`.

    It ends at `until_ms`, or when it is removed.
    """

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

    def is_active(self, now_ms: int) -> bool:
        """Tell whether the hold has not ended."""
        return self.until_ms is None or now_ms < self.until_ms

    def covers(self, place: QueuePosition) -> bool:
        """Tell whether a position is held."""
        same_tenant = place.batch and place.tenant_id == self.tenant_id
        return same_tenant and self.first_us <= place.arrived_at_us <= self.last_us

    def end_key(self, place: QueuePosition) -> str:
        """Return the sort key after the held positions of this position's rank."""
        return f"{place.rank_key}{self.last_us:017d}#{LAST}"


def holding_batch(holds: Iterable[BatchHold], place: QueuePosition) -> BatchHold | None:
    """Find the hold that covers a position."""
    return next((hold for hold in holds if hold.covers(place)), None)
