"""The form of an item's key, and the attributes that indexes and expiry use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]


PK, SK = "pk", "sk"


OPEN_INDEX, OPEN_PK, OPEN_SK = "open", "open_pk", "open_sk"


CALLS_INDEX, CALLS_PK, CALLS_SK = "calls", "calls_pk", "calls_sk"


USER_INDEX, USER_PK = "user_calls", "user_pk"


NUMBER_INDEX, NUMBER_PK = "number_calls", "number_pk"


TTL = "ttl"


@dataclass(frozen=True)
class ItemKey:
    pk: str
    sk: str

    def as_item(self) -> Item:
        return {PK: self.pk, SK: self.sk}


def idempotency_key(scope: str, value: str) -> ItemKey:
    return ItemKey(f"I#{scope}#{value}", "ONCE")
