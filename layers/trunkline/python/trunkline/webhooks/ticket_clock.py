"""Clock that spreads those who wait: each ticket is a little later than the one before."""

from __future__ import annotations

from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import TTL, ItemKey
from trunkline.storage.table import ConditionFailed, Table, Update

_TTL_S = 86_400


@dataclass(frozen=True)
class TicketClock:
    """Gives out tickets by an item's `ticket_us`."""

    table: Table

    def take(self, key: ItemKey, spacing_us: int, first_us: int) -> int:
        """Return the time of the next ticket, in µs: `spacing_us` after the last, and after `first_us`."""
        ticket_us = Attr("ticket_us")
        step = {"ticket_us": spacing_us}
        try:
            after = self.table.write(Update(key, add=step, condition=ticket_us.gt(first_us)))
        except ConditionFailed:
            begun = {"ticket_us": first_us + spacing_us, TTL: first_us // 1_000_000 + _TTL_S}
            after = self.table.write(Update(key, set=begun))
        return int((after or {})["ticket_us"])
