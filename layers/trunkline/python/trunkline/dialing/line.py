"""The calls waiting for one trunk, in the order in which they are dialled."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.table import SK, ItemKey, Table, line_key


@dataclass(frozen=True, order=True)
class LineEntry:
    """One waiting call; sorting entries gives the order of dialling."""

    place: str
    call_id: str


def place_in_line(priority: int, arrived_at_us: int, call_id: str) -> str:
    """The sort key of a line entry: priority (0 first), then arrival, then the id as a tie-break.

    A call that is returned keeps its place.
    """
    return f"{priority:02d}#{arrived_at_us:017d}#{call_id}"


class Line:
    """Reads a trunk's line."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def head(self, trunk_id: str, limit: int) -> list[LineEntry]:
        """The first entries, strongly consistent."""
        key = ItemKey(line_key(trunk_id).pk, "")
        items = self._table.partition(key, limit=limit)
        return [LineEntry(item[SK], item["call_id"]) for item in items]
