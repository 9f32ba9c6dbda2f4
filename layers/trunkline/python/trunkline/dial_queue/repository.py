"""Dial queue in the table: the waiting calls of a trunk, in order within each tenant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trunkline.calls.queue_position import LAST, QueuePosition
from trunkline.core.item_guard import ItemGuard
from trunkline.storage.keys.dialing import queue_key
from trunkline.storage.keys.item import SK, ItemKey
from trunkline.storage.table import Table
from trunkline.trunks.batch_holds import BatchHold, holding_batch


class DialQueue:
    """Reads the queue of a trunk. An entry that cannot be read is stepped over; `guard` counts it."""

    def __init__(self, table: Table, guard: ItemGuard | None = None) -> None:
        self._table = table
        self._guard = guard

    def peek(
        self, trunk_id: str, tenant_id: str, limit: int, held: Sequence[BatchHold] = ()
    ) -> list[QueuePosition]:
        """Read a tenant's first positions that no hold covers, strongly consistent.

        Each hold that covers a position costs one more read.
        """
        return self._read(trunk_id, f"{tenant_id}#", f"{tenant_id}#{LAST}", limit, held)

    def _read(
        self, trunk_id: str, first: str, last: str, limit: int, held: Sequence[BatchHold] = ()
    ) -> list[QueuePosition]:
        found: list[QueuePosition] = []
        while first and len(found) < limit:
            begin, first = queue_key(trunk_id, first), ""
            items = self._table.between(begin, last, limit=limit - len(found))
            for item in items:
                position = self._parse(item[SK])
                if position is None:
                    first = f"{items[-1][SK]}\0"  # it took a place in this page: read on behind it
                elif hold := holding_batch(held, position):
                    first = hold.end_key(position)
                    break
                else:
                    found.append(position)
        return found

    def _parse(self, key: str) -> QueuePosition | None:
        try:
            return QueuePosition.parse(key)
        except ValueError:
            if self._guard:
                with self._guard.item("line", key):
                    raise
            return None

    def peek_tenants(
        self, trunk_id: str, tenant_ids: Iterable[str], limit: int, held: Sequence[BatchHold] = ()
    ) -> list[QueuePosition]:
        """Read the first positions of each tenant that no hold covers."""
        return [
            position for tenant_id in tenant_ids for position in self.peek(trunk_id, tenant_id, limit, held)
        ]

    def peek_direct(self, trunk_id: str, tenant_id: str, limit: int) -> list[QueuePosition]:
        """Read a tenant's first direct calls, skipping its batch calls: one read a priority."""
        found: list[QueuePosition] = []
        for priority in range(11):
            rank = f"{tenant_id}#{priority:02d}#0#"
            found += self._read(trunk_id, rank, f"{rank}{LAST}", limit - len(found))
            if len(found) >= limit:
                break
        return found

    def count(self, trunk_id: str, first: str, last: str, limit: int) -> int:
        """Count the positions from one sort key to another, up to `limit`: a bounded read."""
        return self._table.count(queue_key(trunk_id, first), last, limit=limit)

    def sort_keys(self, trunk_id: str, tenant_id: str) -> Iterable[str]:
        """Iterate over the sort keys of a tenant's whole queue."""
        pages = self._table.walk(ItemKey(queue_key(trunk_id).pk, f"{tenant_id}#"))
        return (item[SK] for item in pages)
