"""The secrets that a tenant's tools may name: encrypted in the table, read where a request is made alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.core.errors import AlreadyExists, VersionConflict
from trunkline.storage.encryption import EnvelopeCipher, context_for_secret
from trunkline.storage.keys.resources import secret_key
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table, Write


@dataclass(frozen=True)
class Secret:
    """A secret without its value."""

    tenant_id: str
    name: str
    created_at_ms: int
    updated_at_ms: int
    ciphertext: bytes


class SecretRepository:
    """A tenant's secrets."""

    def __init__(self, table: Table, cipher: EnvelopeCipher) -> None:
        self._table = table
        self._cipher = cipher

    def load(self, tenant_id: str, name: str) -> Secret | None:
        item = self._table.get(secret_key(tenant_id, name))
        return _secret(item) if item else None

    def all(self, tenant_id: str) -> list[Secret]:
        """Read a tenant's secrets, by name."""
        return [_secret(item) for item in self._table.partition(secret_key(tenant_id))]

    def sealed(self, tenant_id: str, name: str, value: str) -> bytes:
        """Encrypt a value: one GenerateDataKey."""
        return self._cipher.encrypt(context_for_secret(tenant_id, name), {"value": value})

    def values(self, tenant_id: str, names: Iterable[str]) -> dict[str, str]:
        """The values of those of these names that there are: one Decrypt each."""
        found = {name: self.load(tenant_id, name) for name in sorted(names)}
        return {name: self._opened(secret) for name, secret in found.items() if secret}

    def create(self, secret: Secret, extra_writes: Sequence[Write] = ()) -> Secret:
        """Store a new secret.

        Raises:
            AlreadyExists: there is one of that name.
        """
        try:
            self._table.transact([Put(_item(secret), ABSENT), *extra_writes])
        except ConditionFailed as error:
            raise AlreadyExists(f"Secret {secret.name} already exists") from error
        return secret

    def replace(self, before: Secret, after: Secret, extra_writes: Sequence[Write] = ()) -> Secret:
        """Store a secret in place of `before`.

        Raises:
            VersionConflict: the stored one is not `before` any more.
        """
        unchanged = Attr("ciphertext").eq(before.ciphertext)
        try:
            self._table.transact([Put(_item(after), unchanged), *extra_writes])
        except ConditionFailed as error:
            raise VersionConflict from error
        return after

    def delete(self, secret: Secret, extra_writes: Sequence[Write] = ()) -> None:
        self._table.transact([Delete(secret_key(secret.tenant_id, secret.name)), *extra_writes])

    def _opened(self, secret: Secret) -> str:
        owner = context_for_secret(secret.tenant_id, secret.name)
        return str(self._cipher.decrypt(owner, secret.ciphertext)["value"])


def _item(secret: Secret) -> dict[str, object]:
    return secret_key(secret.tenant_id, secret.name).as_item() | vars(secret)


def _secret(item: dict[str, object]) -> Secret:
    return Secret(
        tenant_id=str(item["tenant_id"]),
        name=str(item["name"]),
        created_at_ms=int(str(item["created_at_ms"])),
        updated_at_ms=int(str(item["updated_at_ms"])),
        ciphertext=bytes(item["ciphertext"]),  # type: ignore[call-overload]
    )
