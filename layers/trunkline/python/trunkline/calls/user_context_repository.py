"""Repository of a call's `user_context`, encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunkline.calls.models import Call
from trunkline.storage.encryption import EnvelopeCipher, context_for_call
from trunkline.storage.keys.calls import encrypted_data_key
from trunkline.storage.table import Put, Table

_WHAT = "USER_CONTEXT"


@dataclass(frozen=True)
class UserContextRepository:
    """Encrypts, stores and reads the `user_context` of calls."""

    table: Table
    cipher: EnvelopeCipher

    def writes(self, call: Call, user_context: dict[str, Any]) -> list[Put]:
        """Return the writes that store it with its call."""
        if not user_context:
            return []
        ciphertext = self.cipher.encrypt(context_for_call(call.tenant_id, call.id), user_context)
        return [Put(encrypted_data_key(call.id, _WHAT).as_item() | {"ciphertext": ciphertext})]

    def get(self, call: Call) -> dict[str, Any]:
        """Read it: one GetItem and one Decrypt."""
        item = self.table.get(encrypted_data_key(call.id, _WHAT))
        if item is None:
            return {}
        return self.cipher.decrypt(context_for_call(call.tenant_id, call.id), bytes(item["ciphertext"]))
