"""The table in memory: a fake that passes the same contract tests as the table in moto.

It serves where moto would take most of a test's time; `tests/store/test_table_writes.py` and
`test_table_queries.py` say what the two have in common. An index is never behind the table here, as in moto.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from trunkline.storage.keys.item import OPEN_PK, OPEN_SK, PK, SK, Item, ItemKey
from trunkline.storage.serialization import from_dynamodb, to_dynamodb
from trunkline.storage.table import Check, ConditionFailed, Delete, Put, Table, Update, Write

MAX_TRANSACTION_WRITES = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""

_PARTITION_OF_INDEX = {
    "open": OPEN_PK,
    "calls": "calls_pk",
    "user_calls": "user_pk",
    "number_calls": "number_pk",
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


def holds(condition: ConditionBase | None, item: Mapping[str, Any]) -> bool:
    """Evaluate a condition of the kinds that the stores use."""
    if condition is None:
        return True
    built = condition.get_expression()
    name_of_operator, values = built["operator"], built["values"]
    if name_of_operator in ("AND", "OR"):
        both = [holds(value, item) for value in values]
        return all(both) if name_of_operator == "AND" else any(both)
    assert isinstance(values[0], Attr)
    name = values[0].name
    if name_of_operator == "attribute_exists":
        return name in item
    if name_of_operator == "attribute_not_exists":
        return name not in item
    if name_of_operator == "begins_with":
        return str(item.get(name, "")).startswith(values[1])
    return name in item and _compare(_COMPARISONS[name_of_operator], item[name], values[1])


def _compare(comparison: Callable[[Any, Any], bool], stored: Any, wanted: Any) -> bool:
    """Compare as DynamoDB does: values of two types are neither equal nor in an order."""
    return isinstance(stored, str) == isinstance(wanted, str) and bool(comparison(stored, wanted))


class MemoryTable(Table):
    """Keeps items by key; a write is atomic, and a transaction checks all its conditions first.

    `items_read` counts the items that queries read of a partition, as DynamoDB bills them.
    """

    def __init__(self) -> None:
        self.items_read = 0
        self.items: dict[tuple[str, str], Item] = {}
        self._lock = threading.RLock()

    def get(self, key: ItemKey) -> Item | None:
        return deepcopy(self.items.get((key.pk, key.sk)))

    def get_all(self, keys: Sequence[ItemKey]) -> list[Item]:
        return [item for key in keys if (item := self.get(key))]

    def partition(self, prefix: ItemKey, *, limit: int | None = None) -> list[Item]:
        found = [item for item in self._between(prefix.pk) if item[SK].startswith(prefix.sk)]
        return self._read(found[:limit])

    def between(self, first: ItemKey, last_sk: str, *, limit: int | None = None) -> list[Item]:
        return self._read(self._between(first.pk, first.sk, last_sk)[:limit])

    def walk(self, prefix: ItemKey) -> Iterator[Item]:
        return iter(self.partition(prefix))

    def latest(self, prefix: ItemKey, *, limit: int) -> list[Item]:
        return self.partition(prefix)[::-1][:limit]

    def newest_between(self, first: ItemKey, last_sk: str, *, limit: int) -> Iterator[list[Item]]:
        return _pages(self.between(first, last_sk)[::-1], limit)

    def newest(
        self, index: str, partition: tuple[str, str], sort_range: tuple[str, str, str], limit: int
    ) -> Iterator[list[Item]]:
        (pk, value), (sk, first, last) = partition, sort_range
        assert _PARTITION_OF_INDEX[index] == pk
        found = [item for item in self.items.values() if item.get(pk) == value and first <= item[sk] <= last]
        return _pages(deepcopy(sorted(found, key=lambda item: str(item[sk]), reverse=True)), limit)

    def count(self, first: ItemKey, last_sk: str, *, limit: int) -> int:
        return len(self._read(self._between(first.pk, first.sk, last_sk)[:limit]))

    def open_items(self, partition: str, until: str = "") -> Iterator[Item]:
        found = [item for item in self.items.values() if item.get(OPEN_PK) == partition]
        found.sort(key=lambda item: str(item[OPEN_SK]))
        keys = (PK, SK, OPEN_PK, OPEN_SK)
        return iter([{name: item[name] for name in keys} for item in found if _is_before(item, until)])

    def open_range(self, partition: str, first: str, last: str) -> Iterator[Item]:
        return (item for item in self.open_items(partition) if first <= item[OPEN_SK] <= last)

    def has_open_items(self, partition: str) -> bool:
        return any(True for _ in self.open_items(partition))

    def count_open_calls(self, partition: str, prefix: str, *, limit: int) -> int:
        places = [str(item[OPEN_SK]) for item in self.open_items(partition)]
        return min(limit, sum(place.startswith(prefix) for place in places))

    def write(self, write: Write) -> Item | None:
        key = _key(write)
        with self._lock:
            if not holds(write.condition, self.items.get(key, {})):
                raise ConditionFailed(self.get(ItemKey(*key)))
            return deepcopy(self._apply(write))

    def _transact_once(self, writes: Sequence[Write | Check]) -> None:
        keys = [_key(write) for write in writes]
        if len(keys) != len(set(keys)) or not 0 < len(keys) <= MAX_TRANSACTION_WRITES:
            raise _refused("TransactWriteItems")
        with self._lock:
            failed = [
                index
                for index, (write, key) in enumerate(zip(writes, keys, strict=True))
                if not holds(write.condition, self.items.get(key, {}))
            ]
            if failed:
                raise ConditionFailed(None, failed)
            for write in writes:
                if not isinstance(write, Check):
                    self._apply(write)

    def _between(self, pk: str, low: str = "", high: str = "\U0010ffff") -> list[Item]:
        keys = sorted(key for key in self.items if key[0] == pk and low <= key[1] <= high)
        return [self.items[key] for key in keys]

    def _read(self, found: list[Item]) -> list[Item]:
        self.items_read += len(found)
        return deepcopy(found)

    def _apply(self, write: Write) -> Item | None:
        key = _key(write)
        if isinstance(write, Delete):
            self.items.pop(key, None)
            return None
        if isinstance(write, Put):
            self.items[key] = from_dynamodb(to_dynamodb(write.item))
            return None
        item = dict(self.items.get(key, {PK: key[0], SK: key[1]}))
        item |= {name: item.get(name, 0) + value for name, value in write.add.items()}
        item |= write.set
        for name in [*write.remove, *(name for name, value in write.set.items() if value is None)]:
            item.pop(name, None)
        self.items[key] = from_dynamodb(to_dynamodb(item))
        return self.items[key]


def _is_before(item: Item, until: str) -> bool:
    return not until or str(item[OPEN_SK]) < until


def _pages(items: list[Item], limit: int) -> Iterator[list[Item]]:
    for start in range(0, max(1, len(items)), limit):
        yield items[start : start + limit]


def _refused(operation: str) -> ClientError:
    error = {"Code": "ValidationException", "Message": "refused by the table in memory"}
    return ClientError({"Error": error}, operation)  # type: ignore[typeddict-item]


def _key(write: Write | Check) -> tuple[str, str]:
    if isinstance(write, Put):
        return write.item[PK], write.item[SK]
    assert isinstance(write, Update | Delete | Check)
    return write.key.pk, write.key.sk
