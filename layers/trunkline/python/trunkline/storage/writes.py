"""Writes of the table as values, and their form in DynamoDB's requests. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder

from trunkline.storage.keys.item import PK, Item, ItemKey
from trunkline.storage.serialization import to_dynamodb

EXISTS = Attr(PK).exists()
ABSENT = Attr(PK).not_exists()


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
    """Writes nothing, but fails its transaction unless the condition holds for the item."""

    key: ItemKey
    condition: ConditionBase


Write = Put | Update | Delete
TransactionWrites = Sequence[Write | Check] | Mapping[str, Write | Check | Sequence[Write | Check]]
"""A transaction's writes in order; by name, where a caller distinguishes which of them failed."""


def named_writes(writes: TransactionWrites) -> Iterator[tuple[str, Write | Check]]:
    """Yield each write with its name; writes without one have the empty name."""
    if not isinstance(writes, Mapping):
        yield from (("", write) for write in writes)
        return
    for name, group in writes.items():
        yield from ((name, write) for write in (group if isinstance(group, Sequence) else (group,)))


def write_request(table_name: str, write: Write | Check) -> tuple[str, dict[str, Any]]:
    """Build the action of TransactWriteItems (`Put`, `Update`, `Delete` or `ConditionCheck`) and its request.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItem.html
    """
    request: dict[str, Any] = {"TableName": table_name}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    if isinstance(write, Put):
        request["Item"] = to_dynamodb(write.item)
    else:
        request["Key"] = to_dynamodb(write.key.as_item())
    if isinstance(write, Update):
        request["UpdateExpression"] = _update_expression(write, names, values)
    if write.condition is not None:
        built = ConditionExpressionBuilder().build_expression(write.condition)
        request["ConditionExpression"] = built.condition_expression
        names |= built.attribute_name_placeholders
        values |= built.attribute_value_placeholders
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = to_dynamodb(values)
    return "ConditionCheck" if isinstance(write, Check) else type(write).__name__, request


def _update_expression(update: Update, names: dict[str, str], values: dict[str, Any]) -> str:
    parts: dict[str, list[str]] = {"SET": [], "ADD": [], "REMOVE": []}
    changes = [("SET", update.set), ("ADD", update.add)]
    for clause, group in changes:
        for attribute, value in group.items():
            placeholder = f"u{len(names)}"
            names[f"#{placeholder}"] = attribute
            if value is None:
                parts["REMOVE"].append(f"#{placeholder}")
                continue
            values[f":{placeholder}"] = value
            parts[clause].append(f"#{placeholder} {'=' if clause == 'SET' else ''} :{placeholder}")
    for attribute in update.remove:
        placeholder = f"u{len(names)}"
        names[f"#{placeholder}"] = attribute
        parts["REMOVE"].append(f"#{placeholder}")
    return " ".join(f"{clause} {', '.join(group)}" for clause, group in parts.items() if group)
