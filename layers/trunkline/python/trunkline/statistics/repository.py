"""Counts in the table: of calls by minute, and of starts by second.

They are added to, not set, by whoever counts. A write that the SDK repeats counts twice, one that fails is
lost: nothing else waits for a count or depends on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from trunkline.statistics.call_counts import CallCounts
from trunkline.storage.keys.item import SK, TTL
from trunkline.storage.keys.statistics import call_counts_key, starts_key
from trunkline.storage.table import Table, Update

MAX_MINUTES = 24 * 60
"""The longest time that call counts are shown for."""

MAX_SECONDS = 600
"""The longest time that starts are shown for."""

_CALLS_RETENTION_S = 2 * 24 * 3600
_STARTS_RETENTION_S = 2 * 3600


class StatisticsRepository:
    """Reads and adds to counts."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add_calls(self, tenant_mode: str, minute: int, counts: Mapping[str, int]) -> None:
        """Add to the counts of a minute."""
        expires = {TTL: minute * 60 + _CALLS_RETENTION_S}
        self._table.write(Update(call_counts_key(tenant_mode, minute), set=expires, add=counts))

    def calls(self, tenant_mode: str, first: int, last: int) -> dict[int, CallCounts]:
        """Read the counts of each minute from one to another, both included, in which anything happened."""
        begin, end = call_counts_key(tenant_mode, first), call_counts_key(tenant_mode, last)
        items = self._table.between(begin, end.sk)
        return {int(item[SK].removeprefix("CALLS#")): CallCounts.of(item) for item in items}

    def add_starts(self, trunk_id: str, tenant_id: str, starts: Mapping[int, int]) -> None:
        """Add the starts of seconds, which count from 1970, of any minutes."""
        minutes: dict[int, Counter[str]] = {}
        for second, count in starts.items():
            minutes.setdefault(second // 60, Counter())[_second_name(second)] += count
        for minute, counts in minutes.items():
            expires = {TTL: minute * 60 + _STARTS_RETENTION_S}
            self._table.write(Update(starts_key(trunk_id, tenant_id, minute), set=expires, add=counts))

    def starts(self, trunk_id: str, tenant_id: str, first: int, last: int) -> list[int]:
        """Read a tenant's starts of each second from one to another, both included."""
        begin, end = (starts_key(trunk_id, tenant_id, second // 60) for second in (first, last))
        minutes = {int(item[SK].rpartition("#")[2]): item for item in self._table.between(begin, end.sk)}
        return [
            minutes.get(second // 60, {}).get(_second_name(second), 0) for second in range(first, last + 1)
        ]


def _second_name(second: int) -> str:
    return f"s{second % 60:02d}"
