"""Size of an item as DynamoDB counts it. Pure.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from trunkline.storage.writes import Check, Put, Update, Write

MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_TRANSACTION_ACTIONS = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""

MAX_ITEM_BYTES = 400 * 1024
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

_NUMBER_BYTES = 21
_CONTAINER_BYTES = 3


def write_bytes(write: Write | Check) -> int:
    """Count what a write adds to a transaction; an update counts as its new values."""
    if isinstance(write, Put):
        return value_bytes(write.item)
    key_bytes = value_bytes(write.key.as_item())
    return key_bytes + value_bytes({**write.set, **write.add}) if isinstance(write, Update) else key_bytes


def value_bytes(value: Any) -> int:
    """Count an attribute's value, rounded up: a number at its largest, a byte for each element."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes | bytearray):
        return len(value)
    if isinstance(value, Mapping):
        members = value.items()
        return _CONTAINER_BYTES + sum(1 + value_bytes(name) + value_bytes(one) for name, one in members)
    if isinstance(value, Iterable):
        return _CONTAINER_BYTES + sum(1 + value_bytes(one) for one in value)
    return _NUMBER_BYTES if isinstance(value, int | float | Decimal) else 1
