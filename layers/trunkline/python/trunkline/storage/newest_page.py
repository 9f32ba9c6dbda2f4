"""A page of a log in the table, newest first, with the position behind which the next one begins."""

from __future__ import annotations

from trunkline.storage.keys.item import SK, Item, ItemKey
from trunkline.storage.table import Table


def newest_page(table: Table, first: ItemKey, before: str, limit: int) -> tuple[list[Item], str | None]:
    """Read the newest items from `first` on and before a sort key, which may be the last one shown.

    Returns them with the sort key of the last one; None instead if there are no more.
    """
    found: list[Item] = []
    # One for the item of `before` itself, one that says that there are more.
    for page in table.newest_between(first, before, limit=limit + 2):
        found += [item for item in page if item[SK] != before]
        if len(found) > limit:
            return found[:limit], found[limit - 1][SK]
    return found, None
