"""The one DynamoDB table: the few operations the stores are made of."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder
from botocore.exceptions import ClientError

from trunkline.storage.keys.item import OPEN_INDEX, OPEN_PK, OPEN_SK, PK, SK, Item, ItemKey
from trunkline.storage.serialization import encoded, from_dynamodb, to_dynamodb

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ConditionFailed(Exception):
    """The write's condition did not hold.

    `item` is what stood there, or None; of a transaction, `writes` says which of its writes failed.
    """

    def __init__(self, item: Item | None, writes: Sequence[int] = ()) -> None:
        super().__init__("condition failed")
        self.item = item
        self.writes = tuple(writes)


class TransactionConflict(Exception):
    """Another transaction held one of the items; the same write may succeed when tried again."""


@dataclass(frozen=True)
class Put:
    item: Item
    condition: ConditionBase | None = None


@dataclass(frozen=True)
class Update:
    key: ItemKey
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()
    condition: ConditionBase | None = None


@dataclass(frozen=True)
class Delete:
    key: ItemKey
    condition: ConditionBase | None = None


@dataclass(frozen=True)
class Check:
    """Nothing is written: of a transaction, it fails unless the condition holds of the item."""

    key: ItemKey
    condition: ConditionBase


Write = Put | Update | Delete
Conditions = dict[str, Any]
EXISTS = Attr(PK).exists()
ABSENT = Attr(PK).not_exists()


class Table:
    """The table's operations; every failure but those two is botocore's own."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: ItemKey) -> Item | None:
        """Read one item with strong consistency."""
        answer = self._client.get_item(
            TableName=self._name, Key=to_dynamodb(key.as_item()), ConsistentRead=True
        )
        return from_dynamodb(answer["Item"]) if "Item" in answer else None

    def partition(self, prefix: ItemKey, *, limit: int | None = None) -> list[Item]:
        """Read a partition's items whose sort key starts with the key's, in order, strongly consistent."""
        return self._items(_starting(prefix), limit)

    def between(self, first: ItemKey, last_sk: str, *, limit: int | None = None) -> list[Item]:
        """Read items from one sort key to another, both included, in order, strongly consistent."""
        return self._items(_from_to(first, last_sk), limit)

    def walk(self, prefix: ItemKey) -> Iterator[Item]:
        """Walk a partition's items whose sort key starts with the key's; a moment old, at half the price."""
        for page in self._pages(_starting(prefix), limit=None):
            yield from page

    def latest(self, prefix: ItemKey, *, limit: int) -> list[Item]:
        """Read a partition's last items, newest first."""
        return next(self._pages(_starting(prefix), limit=limit, ScanIndexForward=False))

    def newest_between(self, first: ItemKey, last_sk: str, *, limit: int) -> Iterator[list[Item]]:
        """Walk pages of items from one sort key to another, both included, newest first."""
        return self._pages(_from_to(first, last_sk), limit=limit, ScanIndexForward=False, ConsistentRead=True)

    def count(self, first: ItemKey, last_sk: str, *, limit: int) -> int:
        """Count items from one sort key to another, both included; never more than `limit`."""
        return self._counted(_from_to(first, last_sk), limit)

    def newest(
        self, index: str, partition: tuple[str, str], places: tuple[str, str, str], limit: int
    ) -> Iterator[list[Item]]:
        """Walk pages of an index's partition, newest first: `partition` is its key's name and value,
        `places` the name of its sort key and the first and last value, both included."""
        (pk, value), (sk, first, last) = partition, places
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
            answer = self._client.batch_get_item(RequestItems=wanted)
            for item in map(from_dynamodb, answer["Responses"].get(self._name, [])):
                found[ItemKey(item[PK], item[SK])] = item
            wanted = answer.get("UnprocessedKeys")
        return [found[key] for key in keys if key in found]

    def open_items(self, partition: str, until: str = "") -> Iterator[Item]:
        """Walk the keys in a partition of the index of what is under way (a moment behind the table)."""
        conditions = {OPEN_PK: _test("EQ", partition)} | ({OPEN_SK: _test("LT", until)} if until else {})
        for page in self._pages(conditions, limit=None, IndexName=OPEN_INDEX):
            yield from page

    def count_open_calls(self, partition: str, prefix: str, *, limit: int) -> int:
        """Count in a partition of the index of open calls; never more than `limit`."""
        conditions = {OPEN_PK: _test("EQ", partition), OPEN_SK: _test("BEGINS_WITH", prefix)}
        return self._counted(conditions, limit, IndexName=OPEN_INDEX)

    def _items(self, conditions: Conditions, limit: int | None) -> list[Item]:
        found: list[Item] = []
        for page in self._pages(conditions, limit=limit, ConsistentRead=True):
            found.extend(page)
            if limit and len(found) >= limit:
                return found[:limit]
        return found

    def _pages(self, conditions: Conditions, *, limit: int | None, **more: Any) -> Iterator[list[Item]]:
        for answer in self._answers(conditions, limit, **more):
            yield [from_dynamodb(item) for item in answer["Items"]]

    def _counted(self, conditions: Conditions, limit: int, **more: Any) -> int:
        counted = 0
        for answer in self._answers(conditions, limit, Select="COUNT", **more):
            counted += answer["Count"]
            if counted >= limit:
                return limit
        return counted

    def _answers(self, conditions: Conditions, limit: int | None, **more: Any) -> Iterator[Any]:
        """Query by `KeyConditions` (docs/adr/0009-key-conditions.md says why not by an expression)."""
        request: dict[str, Any] = {"TableName": self._name, "KeyConditions": conditions, **more}
        if limit:
            request["Limit"] = limit
        while True:
            answer = self._client.query(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def write(self, write: Write) -> Item | None:
        """Do one write.

        Returns:
            The new item for an `Update`, else None.

        Raises:
            ConditionFailed: with the item that stood there. The SDK repeats a write whose answer it
                lost, so a caller whose write may be repeated compares that item with its own.
        """
        name, request = self._request(write)
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if isinstance(write, Update):
            request["ReturnValues"] = "ALL_NEW"
        try:
            answer = getattr(self._client, f"{name.lower()}_item")(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                old: Any = error.response.get("Item")
                raise ConditionFailed(from_dynamodb(old) if old else None) from error
            raise
        return from_dynamodb(answer["Attributes"]) if "Attributes" in answer else None

    def transact(self, writes: Sequence[Write | Check]) -> None:
        """Do all the writes or none; safe to repeat by the SDK (one ClientRequestToken).

        Raises:
            ConditionFailed: a condition did not hold.
            TransactionConflict: another transaction was in the way.
        """
        actions = []
        for write in writes:
            name, request = self._request(write)
            actions.append({name: request})
        try:
            self._client.transact_write_items(
                TransactItems=actions,  # type: ignore[arg-type]
                ClientRequestToken=uuid.uuid4().hex,
            )
        except ClientError as error:
            raise _transaction_error(error) from error

    def _request(self, write: Write | Check) -> tuple[str, dict[str, Any]]:
        builder = ConditionExpressionBuilder()
        request: dict[str, Any] = {"TableName": self._name}
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        if isinstance(write, Put):
            request["Item"] = to_dynamodb(write.item)
        else:
            request["Key"] = to_dynamodb(write.key.as_item())
        if isinstance(write, Update):
            request["UpdateExpression"] = _update_expression(write, names, values)
        if write.condition is not None:
            built = builder.build_expression(write.condition)
            request["ConditionExpression"] = built.condition_expression
            names |= built.attribute_name_placeholders
            values |= built.attribute_value_placeholders
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = to_dynamodb(values)
        return "ConditionCheck" if isinstance(write, Check) else type(write).__name__, request


def _test(operator: str, *values: str) -> Any:
    return {"ComparisonOperator": operator, "AttributeValueList": [encoded(value) for value in values]}


def _starting(prefix: ItemKey) -> Conditions:
    conditions = {PK: _test("EQ", prefix.pk)}
    return conditions | {SK: _test("BEGINS_WITH", prefix.sk)} if prefix.sk else conditions


def _from_to(first: ItemKey, last_sk: str) -> Conditions:
    return {PK: _test("EQ", first.pk), SK: _test("BETWEEN", first.sk, last_sk)}


def _update_expression(update: Update, names: dict[str, str], values: dict[str, Any]) -> str:
    parts: dict[str, list[str]] = {"SET": [], "ADD": [], "REMOVE": []}
    changes = [("SET", update.set), ("ADD", update.add)]
    for verb, group in changes:
        for attribute, value in group.items():
            place = f"u{len(names)}"
            names[f"#{place}"] = attribute
            if value is None:
                parts["REMOVE"].append(f"#{place}")
                continue
            values[f":{place}"] = value
            parts[verb].append(f"#{place} {'=' if verb == 'SET' else ''} :{place}")
    for attribute in update.remove:
        place = f"u{len(names)}"
        names[f"#{place}"] = attribute
        parts["REMOVE"].append(f"#{place}")
    return " ".join(f"{verb} {', '.join(group)}" for verb, group in parts.items() if group)


def _transaction_error(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "TransactionInProgressException":
        return TransactionConflict()
    if code != "TransactionCanceledException":
        return error
    codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    if "ConditionalCheckFailed" in codes:
        failed = [place for place, code in enumerate(codes) if code == "ConditionalCheckFailed"]
        return ConditionFailed(None, failed)
    if set(codes) & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
        return TransactionConflict()
    return error
