"""Conversion of plain values to DynamoDB's format and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from trunkline.storage.keys.item import Item

encoded = TypeSerializer().serialize
"""Convert one value to DynamoDB's format."""

_deserialize = TypeDeserializer().deserialize


def to_dynamodb(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn plain values into DynamoDB's; None is left out, floats become decimals."""
    return {
        name: encoded(Decimal(str(value)) if isinstance(value, float) else value)
        for name, value in item.items()
        if value is not None
    }


def from_dynamodb(item: Mapping[str, Any]) -> Item:
    """Turn DynamoDB's values into plain ones; numbers become int where they are whole."""
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return value
