"""Index of open calls: the calls of a lane that the reconciler looks at, in order, whole or by range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.storage.keys.dialing import in_progress_partition, waiting_partition
from trunkline.storage.keys.item import OPEN_PK, OPEN_SK, PK, Item
from trunkline.storage.table import Table


@dataclass(frozen=True)
class OpenEntry:
    """A call's place in the index."""

    partition: str
    sort_key: str
    call_id: str


class OpenCallIndex:
    """Reads the index; it is eventually consistent, a moment old."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def has_any(self, lane: str) -> bool:
        """Tell whether a lane has a call that has not ended: at most two reads of one item."""
        partitions = (in_progress_partition(lane), waiting_partition(lane))
        return any(self._table.has_open_items(partition) for partition in partitions)

    def to_reconcile(self, lane: str, now_ms: int) -> list[OpenEntry]:
        """List a lane's calls that are in progress, then those whose time to wait is over."""
        expired = self._table.open_items(waiting_partition(lane), until=f"{now_ms:015d}")
        return [*map(_entry, self._table.open_items(in_progress_partition(lane))), *map(_entry, expired)]

    def between(self, partition: str, first: str, last: str) -> Iterator[OpenEntry]:
        """Walk a range, both ends included."""
        return map(_entry, self._table.open_range(partition, first, last))


def _entry(item: Item) -> OpenEntry:
    return OpenEntry(item[OPEN_PK], item[OPEN_SK], item[PK].removeprefix("C#"))
