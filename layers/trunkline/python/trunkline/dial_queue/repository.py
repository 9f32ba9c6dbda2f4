"""The calls waiting for one trunk: each tenant's own in order, and the tenants in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trunkline.calls.queue_position import LAST, QueuePosition
from trunkline.storage.keys.dialing import queue_key
from trunkline.storage.keys.item import SK, ItemKey
from trunkline.storage.table import Table
from trunkline.trunks.batch_holds import BatchHold, holding_batch


class DialQueue:
    """Reads a trunk's line."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def peek(
        self, trunk_id: str, tenant_id: str, limit: int, held: Sequence[BatchHold] = ()
    ) -> list[QueuePosition]:
        """A tenant's first places that are not held, strongly consistent; each hold on the way costs one more
        read."""
        found: list[QueuePosition] = []
        first = f"{tenant_id}#"
        while first and len(found) < limit:
            wanted = limit - len(found)
            begin, first = queue_key(trunk_id, first), ""
            for item in self._table.between(begin, f"{tenant_id}#{LAST}", limit=wanted):
                place = QueuePosition.parse(item[SK])
                if hold := holding_batch(held, place):
                    first = hold.end_key(place)
                    break
                found.append(place)
        return found

    def peek_tenants(
        self, trunk_id: str, tenant_ids: Iterable[str], limit: int, held: Sequence[BatchHold] = ()
    ) -> list[QueuePosition]:
        """The first places of each tenant that are not held."""
        return [place for tenant_id in tenant_ids for place in self.peek(trunk_id, tenant_id, limit, held)]

    def peek_direct(self, trunk_id: str, tenant_id: str, limit: int) -> list[QueuePosition]:
        """A tenant's first direct calls, past its batch calls: one read a priority."""
        found: list[QueuePosition] = []
        for priority in range(11):
            key = queue_key(trunk_id, f"{tenant_id}#{priority:02d}#0#")
            items = self._table.partition(key, limit=limit - len(found))
            found += [QueuePosition.parse(item[SK]) for item in items]
            if len(found) >= limit:
                break
        return found

    def count(self, trunk_id: str, first: str, last: str, limit: int) -> int:
        """Count the places from one sort key to another, never more than `limit`: a bounded read."""
        return self._table.count(queue_key(trunk_id, first), last, limit=limit)

    def keys(self, trunk_id: str, tenant_id: str) -> Iterable[str]:
        """Walk a tenant's whole line."""
        pages = self._table.walk(ItemKey(queue_key(trunk_id).pk, f"{tenant_id}#"))
        return (item[SK] for item in pages)
