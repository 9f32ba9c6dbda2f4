"""The contract of a table's writes, conditions and transactions, for moto and the table in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from tests.store.fixtures_dynamodb import TABLE_NAME, SerializedClient
from tests.support.memory_table import MAX_TRANSACTION_WRITES, MemoryTable
from trunkline.storage.keys.item import ItemKey
from trunkline.storage.table import (
    ABSENT,
    EXISTS,
    NO_RETRY,
    Check,
    ConditionFailed,
    ConflictRetry,
    Delete,
    Put,
    Table,
    TransactionConflict,
    Update,
)

KEY = ItemKey("P", "a")


def put(table: Table, sk: str, pk: str = "P", **values: Any) -> None:
    table.write(Put(ItemKey(pk, sk).as_item() | values))


def sort_keys(items: Any) -> list[str]:
    return [item["sk"] for item in items]


VALUES: dict[str, Any] = {
    "text": "ä",
    "empty": "",
    "whole": 10**20,
    "fraction": 0.25,
    "yes": True,
    "list": [1, "two", {"three": 3}],
    "map": {"a": {"b": []}},
    "bytes": b"\x00\xff",
}


def test_values_are_read_as_they_were_written(any_table: Table) -> None:
    put(any_table, "a", **VALUES, absent=None)
    read = any_table.get(KEY)
    assert read is not None
    assert {name: value for name, value in read.items() if name != "bytes"} == {
        "pk": "P",
        "sk": "a",
        **{name: value for name, value in VALUES.items() if name != "bytes"},
    }, "None is not stored"
    assert bytes(read["bytes"]) == VALUES["bytes"]


def test_an_item_that_is_not_there_is_none(any_table: Table) -> None:
    assert any_table.get(KEY) is None
    assert any_table.partition(KEY) == []
    assert any_table.count(KEY, "z", limit=5) == 0
    assert list(any_table.walk(KEY)) == []
    assert any_table.latest(KEY, limit=1) == []
    assert list(any_table.newest_between(KEY, "z", limit=1)) in ([], [[]])


def test_what_was_read_may_be_changed_without_changing_the_table(any_table: Table) -> None:
    put(any_table, "a", list=[1])
    for read in (any_table.get(KEY), any_table.partition(KEY)[0], any_table.between(KEY, "z")[0]):
        assert read is not None
        read["list"].append(2)
        read["more"] = 1
    updated = any_table.write(Update(KEY, set={"x": 1}))
    assert updated is not None
    updated["list"].append(3)
    assert any_table.get(KEY) == {"pk": "P", "sk": "a", "list": [1], "x": 1}


def test_a_put_replaces_the_whole_item_and_returns_nothing(any_table: Table) -> None:
    put(any_table, "a", old=1)
    assert any_table.write(Put(KEY.as_item() | {"new": 2})) is None
    assert any_table.get(KEY) == {"pk": "P", "sk": "a", "new": 2}


def test_an_update_makes_sets_adds_and_removes_and_returns_the_new_item(any_table: Table) -> None:
    made = any_table.write(Update(KEY, set={"a": 1, "b": 0.5, "c": "x"}, add={"n": 2}))
    assert made == {"pk": "P", "sk": "a", "a": 1, "b": 0.5, "c": "x", "n": 2}
    changed = any_table.write(
        Update(KEY, set={"a": None, "b": 2}, add={"n": -3}, remove=["c", "never_there"])
    )
    assert changed == any_table.get(KEY) == {"pk": "P", "sk": "a", "b": 2, "n": -1}


def test_a_delete_may_find_nothing(any_table: Table) -> None:
    put(any_table, "a")
    for _ in range(2):
        assert any_table.write(Delete(KEY)) is None
    assert any_table.get(KEY) is None


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (EXISTS, True),
        (ABSENT, False),
        (Attr("n").exists(), True),
        (Attr("other").exists(), False),
        (Attr("other").not_exists(), True),
        (Attr("n").eq(5), True),
        (Attr("n").eq(6), False),
        (Attr("n").eq("5"), False),
        (Attr("other").eq(5), False),
        (Attr("n").lt(6), True),
        (Attr("n").lt(5), False),
        (Attr("other").lt(6), False),
        (Attr("n").gt(4), True),
        (Attr("n").gt(5), False),
        (Attr("text").lt("y"), True),
        (Attr("text").eq("x"), True),
        (Attr("n").eq(5) & Attr("text").eq("x"), True),
        (Attr("n").eq(5) & Attr("text").eq("y"), False),
        (Attr("n").eq(6) | Attr("text").eq("x"), True),
        (Attr("n").eq(6) | Attr("text").eq("y"), False),
        (ABSENT | Attr("other").not_exists() & Attr("n").gt(4), True),
    ],
)
def test_a_condition_decides_over_every_kind_of_write(any_table: Table, condition: Any, holds: bool) -> None:
    item = KEY.as_item() | {"n": 5, "text": "x"}
    for write in (
        Put(item, condition),
        Update(KEY, set={"x": 1}, condition=condition),
        Delete(KEY, condition),
    ):
        any_table.write(Put(item))
        if holds:
            any_table.write(write)
            continue
        with pytest.raises(ConditionFailed) as failed:
            any_table.write(write)
        assert failed.value.item == any_table.get(KEY) == item, "it shows what stood there"
        with pytest.raises(ConditionFailed):
            any_table.transact([write])


def test_a_condition_on_a_missing_item_fails_with_none(any_table: Table) -> None:
    with pytest.raises(ConditionFailed) as failed:
        any_table.write(Update(KEY, set={"x": 1}, condition=EXISTS))
    assert failed.value.item is None
    assert any_table.get(KEY) is None


def test_a_transaction_does_all_its_writes(any_table: Table) -> None:
    put(any_table, "gone")
    put(any_table, "checked", n=1)
    any_table.transact(
        [
            Put(KEY.as_item(), ABSENT),
            Update(ItemKey("P", "counted"), add={"n": 1}),
            Delete(ItemKey("P", "gone"), EXISTS),
            Check(ItemKey("P", "checked"), Attr("n").eq(1)),
        ]
    )
    assert sort_keys(any_table.partition(ItemKey("P", ""))) == ["a", "checked", "counted"]


def test_a_transaction_whose_condition_fails_writes_nothing_and_names_the_writes(any_table: Table) -> None:
    put(any_table, "b", n=1)
    with pytest.raises(ConditionFailed) as failed:
        any_table.transact(
            [
                Put(KEY.as_item()),
                Check(ItemKey("P", "b"), ABSENT),
                Update(ItemKey("P", "c"), add={"n": 1}),
                Update(ItemKey("P", "d"), set={"n": 1}, condition=EXISTS),
            ]
        )
    assert failed.value.writes == (1, 3)
    assert sort_keys(any_table.partition(ItemKey("P", ""))) == ["b"]


def test_a_failed_transaction_tells_the_names_of_the_writes_that_failed(any_table: Table) -> None:
    put(any_table, "b", n=1)
    with pytest.raises(ConditionFailed) as failed:
        any_table.transact(
            {
                "first": Put(KEY.as_item()),
                "pair": [Update(ItemKey("P", "c"), add={"n": 1}), Check(ItemKey("P", "b"), ABSENT)],
                "none": [],
                "last": Update(ItemKey("P", "d"), set={"n": 1}, condition=EXISTS),
            }
        )
    assert failed.value.names == {"pair", "last"}
    assert sort_keys(any_table.partition(ItemKey("P", ""))) == ["b"]


class ConflictingTable(MemoryTable):
    """Meets another transaction a number of times."""

    def __init__(self, conflicts: int) -> None:
        super().__init__()
        self.conflicts = conflicts

    def _transact_once(self, writes: Any) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise TransactionConflict
        super()._transact_once(writes)


def test_a_conflict_is_retried_as_often_as_the_caller_says() -> None:
    at_once = ConflictRetry(3, 0, 0)
    table = ConflictingTable(2)
    table.transact([Put(KEY.as_item())], retry=at_once)
    assert table.get(KEY)
    for conflicts, retry in ((3, at_once), (1, NO_RETRY)):
        table = ConflictingTable(conflicts)
        with pytest.raises(TransactionConflict):
            table.transact([Put(KEY.as_item())], retry=retry)
        assert (table.conflicts, table.get(KEY)) == (0, None)


def test_a_check_writes_nothing(any_table: Table) -> None:
    any_table.transact([Check(KEY, ABSENT)])
    assert any_table.get(KEY) is None


def test_two_transactions_that_say_the_same_are_two(any_table: Table) -> None:
    for _ in range(2):
        any_table.transact([Update(KEY, add={"n": 1})])
    assert (any_table.get(KEY) or {})["n"] == 2


@pytest.mark.parametrize("count", [0, MAX_TRANSACTION_WRITES + 1])
def test_a_transaction_has_from_1_to_100_writes(any_table: Table, count: int) -> None:
    writes = [Put(ItemKey("P", f"{number:03d}").as_item()) for number in range(count)]
    with pytest.raises(Exception, match=r"."):
        any_table.transact(writes)
    assert any_table.partition(ItemKey("P", "")) == []
    any_table.transact([Put(ItemKey("P", f"{number:03d}").as_item()) for number in range(100)])


def test_a_transaction_may_not_write_one_item_twice(any_table: Table) -> None:
    with pytest.raises(ClientError):
        any_table.transact([Put(KEY.as_item()), Update(KEY, add={"n": 1})])
    assert any_table.get(KEY) is None


def test_of_many_writers_at_once_a_condition_lets_one_through(any_table: Table) -> None:
    def take(number: int) -> bool:
        try:
            any_table.write(Put(KEY.as_item() | {"by": number}, ABSENT))
        except ConditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(16))) == 1


class Recorder:
    """Records the requests of a client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.requests: list[dict[str, Any]] = []

    def transact_write_items(self, **request: Any) -> Any:
        self.requests.append(request)
        return self._client.transact_write_items(**request)


def test_each_transaction_has_a_token_of_its_own_so_that_the_sdk_may_retry_it(dynamodb: Any) -> None:
    recorder = Recorder(SerializedClient(dynamodb))
    table = Table(recorder, TABLE_NAME)  # type: ignore[arg-type]
    for _ in range(2):
        table.transact([Update(KEY, add={"n": 1})])
    first, second = (request["ClientRequestToken"] for request in recorder.requests)
    assert first != second
