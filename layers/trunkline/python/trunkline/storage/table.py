"""Operations of the DynamoDB table from which the repositories are built."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from trunkline.core.errors import TransientError
from trunkline.storage.keys.item import OPEN_INDEX, OPEN_PK, OPEN_SK, PK, SK, Item, ItemKey
from trunkline.storage.serialization import encoded, from_dynamodb, to_dynamodb
from trunkline.storage.writes import (
    ABSENT,
    EXISTS,
    Check,
    Delete,
    Put,
    TransactionWrites,
    Update,
    Write,
    named_writes,
    write_request,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


__all__ = [
    "ABSENT",
    "EXISTS",
    "NO_RETRY",
    "Check",
    "ConditionFailed",
    "ConflictRetry",
    "Delete",
    "Put",
    "Table",
    "TransactionConflict",
    "Update",
    "Write",
]


class ConditionFailed(Exception):
    """A write's condition did not hold, and nothing was written.

    `item` is the stored item of a single write, or None if there is none. For a transaction, `names` has the
    names of the writes that failed, `writes` their positions.
    """

    def __init__(self, item: Item | None, writes: Sequence[int] = (), names: Iterable[str] = ()) -> None:
        super().__init__("condition failed", *sorted(names))
        self.item = item
        self.writes = tuple(writes)
        self.names = frozenset(names)


class TransactionConflict(TransientError):
    """Another transaction held one of the items; the same write may succeed on retry."""


@dataclass(frozen=True)
class ConflictRetry:
    """How often to try a transaction while others are in its way, with a random wait between tries."""

    max_tries: int = 8
    min_wait_s: float = 0.005
    max_wait_s: float = 0.05


NO_RETRY = ConflictRetry(max_tries=1)
_random = random.SystemRandom()
"""Environments that Lambda restores from one snapshot would share the state of `random`.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html"""
Conditions = dict[str, Any]


class Table:
    """The table's operations; other failures than the two above are those of botocore."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: ItemKey) -> Item | None:
        """Read one item with strong consistency."""
        response = self._client.get_item(
            TableName=self._name, Key=to_dynamodb(key.as_item()), ConsistentRead=True
        )
        return from_dynamodb(response["Item"]) if "Item" in response else None

    def partition(self, prefix: ItemKey, *, limit: int | None = None) -> list[Item]:
        """Read a partition's items whose sort key starts with the key's, in order, strongly consistent."""
        return self._items(_starting(prefix), limit)

    def between(self, first: ItemKey, last_sk: str, *, limit: int | None = None) -> list[Item]:
        """Read items from one sort key to another, both included, in order, strongly consistent."""
        return self._items(_from_to(first, last_sk), limit)

    def walk(self, prefix: ItemKey) -> Iterator[Item]:
        """Yield a partition's items by prefix of the sort key; eventually consistent, at half the price."""
        for page in self._pages(_starting(prefix), limit=None):
            yield from page

    def latest(self, prefix: ItemKey, *, limit: int) -> list[Item]:
        """Read a partition's last items, newest first."""
        return next(self._pages(_starting(prefix), limit=limit, ScanIndexForward=False))

    def newest_between(self, first: ItemKey, last_sk: str, *, limit: int) -> Iterator[list[Item]]:
        """Yield pages of items from one sort key to another, both included, newest first.

        DynamoDB rejects a range whose end is before its start; here it has no items.
        """
        if last_sk < first.sk:
            return iter(())
        return self._pages(_from_to(first, last_sk), limit=limit, ScanIndexForward=False, ConsistentRead=True)

    def count(self, first: ItemKey, last_sk: str, *, limit: int) -> int:
        """Count items from one sort key to another, both included, up to `limit`."""
        return self._counted(_from_to(first, last_sk), limit)

    def newest(
        self, index: str, partition: tuple[str, str], sort_range: tuple[str, str, str], limit: int
    ) -> Iterator[list[Item]]:
        """Yield pages of an index's partition, newest first.

        `partition` is the name and value of its key, `sort_range` the name of its sort key with the first
        and last value, both included.
        """
        (pk, value), (sk, first, last) = partition, sort_range
        conditions = {pk: _test("EQ", value), sk: _test("BETWEEN", first, last)}
        return self._pages(conditions, limit=limit, IndexName=index, ScanIndexForward=False)

    def get_all(self, keys: Sequence[ItemKey]) -> list[Item]:
        """Read up to 100 items with strong consistency, in the order of their keys; missing ones are left
        out."""
        wanted: Any = {
            self._name: {"Keys": [to_dynamodb(key.as_item()) for key in keys], "ConsistentRead": True}
        }
        found: dict[ItemKey, Item] = {}
        while wanted:
            response = self._client.batch_get_item(RequestItems=wanted)
            for item in map(from_dynamodb, response["Responses"].get(self._name, [])):
                found[ItemKey(item[PK], item[SK])] = item
            wanted = response.get("UnprocessedKeys")
        return [found[key] for key in keys if key in found]

    def open_items(self, partition: str, until: str = "") -> Iterator[Item]:
        """Yield the keys in a partition of the index of open items (eventually consistent)."""
        conditions = {OPEN_PK: _test("EQ", partition)} | ({OPEN_SK: _test("LT", until)} if until else {})
        for page in self._pages(conditions, limit=None, IndexName=OPEN_INDEX):
            yield from page

    def open_range(self, partition: str, first: str, last: str) -> Iterator[Item]:
        """Yield the keys from one sort key to another, both included, in the index of open items."""
        conditions = {OPEN_PK: _test("EQ", partition), OPEN_SK: _test("BETWEEN", first, last)}
        for page in self._pages(conditions, limit=None, IndexName=OPEN_INDEX):
            yield from page

    def has_open_items(self, partition: str) -> bool:
        """Tell whether a partition of the index of open items has any: a read of one item."""
        return self._counted({OPEN_PK: _test("EQ", partition)}, 1, IndexName=OPEN_INDEX) > 0

    def count_open_calls(self, partition: str, prefix: str, *, limit: int) -> int:
        """Count in a partition of the index of open calls, up to `limit`."""
        conditions = {OPEN_PK: _test("EQ", partition), OPEN_SK: _test("BEGINS_WITH", prefix)}
        return self._counted(conditions, limit, IndexName=OPEN_INDEX)

    def _items(self, conditions: Conditions, limit: int | None) -> list[Item]:
        found: list[Item] = []
        for page in self._pages(conditions, limit=limit, ConsistentRead=True):
            found.extend(page)
            if limit and len(found) >= limit:
                return found[:limit]
        return found

    def _pages(self, conditions: Conditions, *, limit: int | None, **options: Any) -> Iterator[list[Item]]:
        for response in self._responses(conditions, limit, **options):
            yield [from_dynamodb(item) for item in response["Items"]]

    def _counted(self, conditions: Conditions, limit: int, **options: Any) -> int:
        counted = 0
        for response in self._responses(conditions, limit, Select="COUNT", **options):
            counted += response["Count"]
            if counted >= limit:
                return limit
        return counted

    def _responses(self, conditions: Conditions, limit: int | None, **options: Any) -> Iterator[Any]:
        """Query by `KeyConditions` (docs/adr/0009-key-conditions.md says why not by an expression)."""
        request: dict[str, Any] = {"TableName": self._name, "KeyConditions": conditions, **options}
        if limit:
            request["Limit"] = limit
        while True:
            response = self._client.query(**request)
            yield response
            if "LastEvaluatedKey" not in response:
                return
            request["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def write(self, write: Write) -> Item | None:
        """Do one write.

        Returns:
            The new item for an `Update`, else None.

        Raises:
            ConditionFailed: with the stored item. The SDK repeats a write whose response it lost, so a
                caller whose write may be repeated compares that item with its own.
        """
        name, request = write_request(self._name, write)
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if isinstance(write, Update):
            request["ReturnValues"] = "ALL_NEW"
        try:
            response = getattr(self._client, f"{name.lower()}_item")(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                old: Any = error.response.get("Item")
                raise ConditionFailed(from_dynamodb(old) if old else None) from error
            raise
        return from_dynamodb(response["Attributes"]) if "Attributes" in response else None

    def transact(self, writes: TransactionWrites, retry: ConflictRetry = NO_RETRY) -> None:
        """Do all the writes or none; a conflict proves that nothing was written, so it may be retried.

        Raises:
            ConditionFailed: a condition did not hold; its `names` say of which writes.
            TransactionConflict: another transaction was in the way at the last try, too.
        """
        names, actions = zip(*named, strict=True) if (named := tuple(named_writes(writes))) else ((), ())
        tries_left = retry.max_tries
        while True:
            tries_left -= 1
            try:
                return self._transact_once(actions)
            except ConditionFailed as error:
                raise ConditionFailed(None, error.writes, {names[index] for index in error.writes}) from error
            except TransactionConflict:
                if not tries_left:
                    raise
            time.sleep(_random.uniform(retry.min_wait_s, retry.max_wait_s))

    def _transact_once(self, writes: Sequence[Write | Check]) -> None:
        """Send the transaction; its ClientRequestToken makes it safe for the SDK to repeat."""
        actions: Any = [dict([write_request(self._name, write)]) for write in writes]
        try:
            self._client.transact_write_items(TransactItems=actions, ClientRequestToken=uuid.uuid4().hex)
        except ClientError as error:
            raise _transaction_error(error) from error


def _test(operator: str, *values: str) -> Any:
    return {"ComparisonOperator": operator, "AttributeValueList": [encoded(value) for value in values]}


def _starting(prefix: ItemKey) -> Conditions:
    conditions = {PK: _test("EQ", prefix.pk)}
    return conditions | {SK: _test("BEGINS_WITH", prefix.sk)} if prefix.sk else conditions


def _from_to(first: ItemKey, last_sk: str) -> Conditions:
    return {PK: _test("EQ", first.pk), SK: _test("BETWEEN", first.sk, last_sk)}


def _transaction_error(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "TransactionInProgressException":
        return TransactionConflict()
    if code != "TransactionCanceledException":
        return error
    codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    if "ConditionalCheckFailed" in codes:
        failed = [index for index, code in enumerate(codes) if code == "ConditionalCheckFailed"]
        return ConditionFailed(None, failed)
    if set(codes) & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
        return TransactionConflict()
    return error
