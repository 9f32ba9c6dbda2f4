"""What a request with an `Idempotency-Key` was answered, for its repeats.

Calls need none of this: their record is written with the call itself. Everything else is made between two
writes of the record; when nobody knows whether it was made, a repeat is refused, never carried out.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.core.clock import Clock
from trunkline.core.errors import (
    IdempotencyConflict,
    IdempotencyInProgress,
    LiveKitFailed,
    OutcomeUnknown,
)
from trunkline.storage.encryption import EncryptionContext, EnvelopeCipher, context_for_stored_response
from trunkline.storage.idempotency import RETENTION_MS, IdempotencyKey
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.table import ABSENT, EXISTS, ConditionFailed, Delete, Put, Table, Update

_BUSY_MS = 35_000
"""No request lasts longer: after that a record without an answer is one whose maker died."""

_UNCLEAR = (LiveKitFailed,)
"""Errors after which the work may have been done all the same."""


@dataclass(frozen=True)
class StoredResponse:
    """An answer's body; `replayed`: it is the first request's."""

    body: Any
    replayed: bool = False


@dataclass(frozen=True)
class IdempotentResponses:
    """Records of requests and their answers, which may hold secrets: they are sealed."""

    table: Table
    cipher: EnvelopeCipher
    clock: Clock

    def run(self, key: IdempotencyKey | None, tenant_id: str, work: Callable[[], Any]) -> StoredResponse:
        """Do the work, or give the answer that the first request with this key got.

        Only success is remembered: after an error the key may be tried again.

        Raises:
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: a request with the key is being carried out.
            OutcomeUnknown: one was, and nobody knows what came of it.
        """
        if key is None:
            return StoredResponse(work())
        context = context_for_stored_response(tenant_id, hashlib.sha256(key.item_key.pk.encode()).hexdigest())
        return self.run_for(key, context, work)

    def run_for(
        self,
        key: IdempotencyKey,
        context: EncryptionContext,
        work: Callable[[], Any],
        unclear: tuple[type[Exception], ...] = _UNCLEAR,
    ) -> StoredResponse:
        """Do as `run`, with the response encrypted for `context`.

        After an error of `unclear` a repeat is refused, since the work may have been done.
        """
        if record := self._begin(key):
            return StoredResponse(self._open(key, context, record), replayed=True)
        try:
            body = work()
        except unclear:
            # Left as it is: a repeat is told that nobody knows.
            self.table.write(Update(key.item_key, set={"busy_until_ms": 0}))
            raise
        except Exception:
            self.table.write(Delete(key.item_key))
            raise
        answer = self.cipher.encrypt(context, {"body": body})
        # It may be erased meanwhile, with what it belongs to: nothing is left to be repeated then.
        with suppress(ConditionFailed):
            self.table.write(Update(key.item_key, set={"answer": answer}, condition=EXISTS))
        return StoredResponse(body)

    def _begin(self, key: IdempotencyKey) -> Item | None:
        """Note that the work begins; the record there is, if it has begun before."""
        now_ms = self.clock.wall_ms()
        item: Item = key.item_key.as_item() | {"fingerprint": key.fingerprint}
        item |= {"expires_ms": now_ms + RETENTION_MS, TTL: (now_ms + RETENTION_MS) // 1000 + 1}
        item |= {"busy_until_ms": now_ms + _BUSY_MS, "maker": uuid.uuid4().hex}
        try:
            self.table.write(Put(item, ABSENT | Attr("expires_ms").lt(now_ms)))
        except ConditionFailed as error:
            # The SDK repeats a write whose answer it lost: then the record is this request's own.
            seen = error.item or {}
            return None if seen.get("maker") == item["maker"] else seen
        return None

    def _open(self, key: IdempotencyKey, context: EncryptionContext, record: Item) -> Any:
        if record["fingerprint"] != key.fingerprint:
            raise IdempotencyConflict
        if "answer" in record:
            return self.cipher.decrypt(context, bytes(record["answer"]))["body"]
        if self.clock.wall_ms() < record["busy_until_ms"]:
            raise IdempotencyInProgress
        raise OutcomeUnknown
