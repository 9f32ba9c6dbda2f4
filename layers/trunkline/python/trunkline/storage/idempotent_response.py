"""Stored responses to requests with an `Idempotency-Key`, for their repeats.

Calls do not need them: their record is written with the call itself. Other work is done between two writes
of the record; when its outcome is unknown, a repeat is refused, never done again.
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
from trunkline.core.errors import LiveKitFailed
from trunkline.core.idempotency_errors import IdempotencyConflict, IdempotencyInProgress, OutcomeUnknown
from trunkline.storage.encryption import EncryptionContext, EnvelopeCipher, context_for_stored_response
from trunkline.storage.idempotency import RETENTION_MS, IdempotencyKey
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.table import ABSENT, EXISTS, ConditionFailed, Delete, Put, Table, Update

_IN_PROGRESS_MS = 35_000
"""Longer than any request takes: an older record without a response belongs to one that crashed."""

_AMBIGUOUS_ERRORS = (LiveKitFailed,)
"""Errors after which the work may have been done nevertheless."""


@dataclass(frozen=True)
class StoredResponse:
    """The body of a response; `replayed` if it is that of the first request."""

    body: Any
    replayed: bool = False


@dataclass(frozen=True)
class IdempotentResponses:
    """Records of requests and their responses, encrypted because they may contain secrets."""

    table: Table
    cipher: EnvelopeCipher
    clock: Clock

    def run(self, key: IdempotencyKey | None, tenant_id: str, work: Callable[[], Any]) -> StoredResponse:
        """Do the work, or return the response to the first request with this key.

        Only success is recorded: after an error the key may be used again.

        Raises:
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: a request with the key is in progress.
            OutcomeUnknown: the outcome of an earlier request is unknown.
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
        ambiguous: tuple[type[Exception], ...] = _AMBIGUOUS_ERRORS,
    ) -> StoredResponse:
        """Do as `run`, with the response encrypted for `context`.

        After an error of `ambiguous` a repeat is refused, since the work may have been done.
        """
        if record := self._begin(key):
            return StoredResponse(self._open(key, context, record), replayed=True)
        try:
            body = work()
        except ambiguous:
            # The record stays without a response: a repeat is refused as `OutcomeUnknown`.
            self.table.write(Update(key.item_key, set={"busy_until_ms": 0}))
            raise
        except Exception:
            self.table.write(Delete(key.item_key))
            raise
        answer = self.cipher.encrypt(context, {"body": body})
        # The record may have been erased with the resource: then there is nothing to repeat.
        with suppress(ConditionFailed):
            self.table.write(Update(key.item_key, set={"answer": answer}, condition=EXISTS))
        return StoredResponse(body)

    def _begin(self, key: IdempotencyKey) -> Item | None:
        """Record that the work begins; return the existing record, if it began before."""
        now_ms = self.clock.wall_ms()
        item: Item = key.item_key.as_item() | {"fingerprint": key.fingerprint}
        item |= {"expires_ms": now_ms + RETENTION_MS, TTL: (now_ms + RETENTION_MS) // 1000 + 1}
        item |= {"busy_until_ms": now_ms + _IN_PROGRESS_MS, "maker": uuid.uuid4().hex}
        try:
            self.table.write(Put(item, ABSENT | Attr("expires_ms").lt(now_ms)))
        except ConditionFailed as error:
            # The SDK repeats a write whose response it lost: then the record is this request's own.
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
