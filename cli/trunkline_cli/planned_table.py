"""The table as it would be after writes that are not sent: for dry runs and for checks before any write."""

from __future__ import annotations

from typing import Any

from trunkline.storage.keys.item import PK, SK, Item, ItemKey
from trunkline.storage.table import Delete, Put, Table, Write
from trunkline.storage.writes import TransactionWrites, named_writes


class PlannedTable(Table):
    """Reads the deployment's table and its own writes, which it keeps in memory; it tests no conditions.

    It does what a declaration needs: whole items are put, and read by their keys or their partition.
    """

    def __init__(self, table: Table) -> None:
        self._real = table
        self._planned: dict[ItemKey, Item | None] = {}

    def get(self, key: ItemKey) -> Item | None:
        return self._planned[key] if key in self._planned else self._real.get(key)

    def partition(self, prefix: ItemKey, *, limit: int | None = None) -> list[Item]:
        items = {ItemKey(item[PK], item[SK]): item for item in self._real.partition(prefix)}
        for key, planned in self._planned.items():
            if key.pk == prefix.pk and key.sk.startswith(prefix.sk):
                items.pop(key, None)
                items |= {key: planned} if planned else {}
        return [items[key] for key in sorted(items, key=lambda key: key.sk)][:limit]

    def write(self, write: Write) -> Item | None:
        self.transact([write])
        return None

    def transact(self, writes: TransactionWrites, *_: Any, **__: Any) -> None:
        for _name, write in named_writes(writes):
            if isinstance(write, Put):
                self._planned[ItemKey(write.item[PK], write.item[SK])] = write.item
            elif isinstance(write, Delete):
                self._planned[write.key] = None
