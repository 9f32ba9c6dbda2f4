"""The contract of a table's queries, pages and indexes, for moto and the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.storage.keys.item import CALLS_INDEX, CALLS_PK, CALLS_SK, OPEN_PK, OPEN_SK, TTL, ItemKey
from trunkline.storage.table import Delete, Put, Table, Update

KEY = ItemKey("P", "a")


def put(table: Table, sk: str, pk: str = "P", **values: Any) -> None:
    table.write(Put(ItemKey(pk, sk).as_item() | values))


def sort_keys(items: Any) -> list[str]:
    return [item["sk"] for item in items]


@pytest.fixture
def letters(any_table: Table) -> Table:
    """A table with the sort keys a1, a2, b1, b2, b3, c1 in one partition, and b1 in another."""
    for sk in ("b2", "a1", "c1", "a2", "b3", "b1"):
        put(any_table, sk, value=sk)
    put(any_table, "b1", pk="Q")
    return any_table


def test_a_partition_is_read_in_order_by_prefix_and_up_to_a_limit(letters: Table) -> None:
    assert sort_keys(letters.partition(ItemKey("P", ""))) == ["a1", "a2", "b1", "b2", "b3", "c1"]
    assert sort_keys(letters.partition(ItemKey("P", "b"))) == ["b1", "b2", "b3"]
    assert sort_keys(letters.partition(ItemKey("P", "b"), limit=2)) == ["b1", "b2"]
    assert sort_keys(letters.walk(ItemKey("P", "b"))) == ["b1", "b2", "b3"]
    assert letters.partition(ItemKey("P", "b"))[0]["value"] == "b1"


def test_a_range_has_both_its_ends(letters: Table) -> None:
    assert sort_keys(letters.between(ItemKey("P", "a2"), "b2")) == ["a2", "b1", "b2"]
    assert sort_keys(letters.between(ItemKey("P", "a2"), "b2", limit=1)) == ["a2"]
    assert letters.between(ItemKey("P", "d"), "e") == []


def test_the_latest_are_the_last_of_the_prefix_newest_first(letters: Table) -> None:
    assert sort_keys(letters.latest(ItemKey("P", "b"), limit=2)) == ["b3", "b2"]
    assert sort_keys(letters.latest(ItemKey("P", ""), limit=9)) == ["c1", "b3", "b2", "b1", "a2", "a1"]


@pytest.mark.parametrize("limit", [1, 2, 4, 10])
def test_pages_of_a_range_are_newest_first_and_no_longer_than_the_limit(letters: Table, limit: int) -> None:
    pages = list(letters.newest_between(ItemKey("P", "a2"), "b3", limit=limit))
    assert sort_keys(item for page in pages for item in page) == ["b3", "b2", "b1", "a2"]
    assert all(len(page) <= limit for page in pages)
    assert len(pages[0]) == min(limit, 4)


def test_a_count_stops_at_its_limit(letters: Table) -> None:
    assert letters.count(ItemKey("P", "a2"), "b3", limit=9) == 4
    assert letters.count(ItemKey("P", "a2"), "b3", limit=3) == 3


def test_items_by_their_keys_stand_in_the_order_of_the_keys(letters: Table) -> None:
    keys = [ItemKey("P", "c1"), ItemKey("P", "never_there"), ItemKey("Q", "b1"), ItemKey("P", "a1")]
    found = letters.get_all(keys)
    assert [(item["pk"], item["sk"]) for item in found] == [("P", "c1"), ("Q", "b1"), ("P", "a1")]


@pytest.fixture
def opened(any_table: Table) -> Table:
    for number, (partition, place) in enumerate([("X", "w#2"), ("X", "w#1"), ("X", "z#1"), ("Y", "w#3")]):
        put(any_table, f"{number}", **{OPEN_PK: partition, OPEN_SK: place}, state="queued")
    put(any_table, "closed")
    return any_table


def test_the_index_of_open_items_shows_keys_alone_in_order(opened: Table) -> None:
    assert list(opened.open_items("X")) == [
        {"pk": "P", "sk": "1", OPEN_PK: "X", OPEN_SK: "w#1"},
        {"pk": "P", "sk": "0", OPEN_PK: "X", OPEN_SK: "w#2"},
        {"pk": "P", "sk": "2", OPEN_PK: "X", OPEN_SK: "z#1"},
    ]
    assert sort_keys(opened.open_items("X", until="w#2")) == ["1"]
    assert list(opened.open_items("Z")) == []


def test_open_items_are_counted_by_prefix_up_to_a_limit(opened: Table) -> None:
    assert opened.count_open_calls("X", "w", limit=9) == 2
    assert opened.count_open_calls("X", "w", limit=1) == 1
    assert opened.count_open_calls("Y", "z", limit=9) == 0


def test_an_item_leaves_the_index_with_its_attributes(opened: Table) -> None:
    opened.write(Update(ItemKey("P", "0"), remove=[OPEN_PK, OPEN_SK]))
    opened.write(Delete(ItemKey("P", "1")))
    assert sort_keys(opened.open_items("X")) == ["2"]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_an_index_is_read_in_pages_newest_first(any_table: Table, limit: int) -> None:
    for number in range(1, 6):
        put(any_table, f"{number}", **{CALLS_PK: "T", CALLS_SK: f"{number:02d}"})
    put(any_table, "other", **{CALLS_PK: "U", CALLS_SK: "03"})
    put(any_table, "none")
    pages = list(any_table.newest(CALLS_INDEX, (CALLS_PK, "T"), (CALLS_SK, "02", "04"), limit))
    assert sort_keys(item for page in pages for item in page) == ["4", "3", "2"]
    assert all(len(page) <= limit for page in pages)


def test_an_item_past_its_expiry_is_there_until_it_is_deleted(any_table: Table) -> None:
    any_table.write(Put(KEY.as_item() | {TTL: 1}))
    assert (any_table.get(KEY) or {})[TTL] == 1
