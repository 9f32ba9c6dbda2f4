"""`Idempotency-Key`: a repeated request creates nothing twice and gets the first one's response.

The record is written in the transaction that creates the resource, so that one never exists without the
other. Only success is recorded: a request that failed may be retried.
Source: the IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.core.errors import InvalidRequest
from trunkline.core.idempotency_errors import IdempotencyConflict
from trunkline.storage.keys.item import TTL, Item, ItemKey, idempotency_key
from trunkline.storage.table import ABSENT, Delete, Put

HEADER = "Idempotency-Key"
_PATTERN = re.compile(r'(?P<quote>"?)(?P<key>[A-Za-z0-9_:-]{1,255})(?P=quote)')
RETENTION_MS = 24 * 3_600_000


@dataclass(frozen=True)
class IdempotencyKey:
    """One use of a key: the key of its record, and the fingerprint of the request body."""

    item_key: ItemKey
    fingerprint: str

    @classmethod
    def of_event(cls, scope: str, name: str) -> IdempotencyKey:
        """Return the key of an event that is handled once, whatever its body."""
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        return cls(idempotency_key(scope, digest), digest)

    @classmethod
    def of(cls, headers: Mapping[str, str], scope: str, body: Mapping[str, Any]) -> IdempotencyKey | None:
        """Parse the header; None if it is missing. `scope` names tenant, mode and route.

        The draft writes the key in quotes (a string of RFC 8941); with and without them it is the same key.

        Raises:
            InvalidRequest: the key is not 1 to 255 letters, digits, `_`, `:` and `-`.
        """
        value = headers.get(HEADER.lower())
        if value is None:
            return None
        match = _PATTERN.fullmatch(value)
        if match is None:
            raise InvalidRequest(
                f"{HEADER} must be 1 to 255 letters, digits, underscores, colons or hyphens", field=HEADER
            )
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return cls(idempotency_key(scope, match["key"]), hashlib.sha256(canonical.encode()).hexdigest())

    def record(self, resource_id: str, now_ms: int) -> Put:
        """Return the write for the creating transaction; it fails if the key was used within 24 hours."""
        item: Item = self.item_key.as_item() | {"fingerprint": self.fingerprint, "made_id": resource_id}
        item |= {"expires_ms": now_ms + RETENTION_MS, TTL: (now_ms + RETENTION_MS) // 1000 + 1}
        return Put(item, ABSENT | Attr("expires_ms").lt(now_ms))

    def forget(self) -> Delete:
        """Return the write that deletes the record together with the resource."""
        return Delete(self.item_key)

    def resource_id(self, record: Item) -> str:
        """Return the id of the resource that the first request created.

        Raises:
            IdempotencyConflict: the key was used with another body.
        """
        if record["fingerprint"] != self.fingerprint:
            raise IdempotencyConflict
        return str(record["made_id"])
