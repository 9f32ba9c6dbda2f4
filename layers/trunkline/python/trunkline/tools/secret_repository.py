"""Storage of the secrets of a tenant's tools, encrypted and decrypted only to send a request."""

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
    """A secret; its value is encrypted."""

    tenant_id: str
    name: str
    created_at_ms: int
    updated_at_ms: int
    ciphertext: bytes


class SecretRepository:
    """Stores a tenant's secrets by name."""

    def __init__(self, table: Table, cipher: EnvelopeCipher) -> None:
        self._table = table
        self._cipher = cipher

    def load(self, tenant_id: str, name: str) -> Secret | None:
        """Read a secret with strong consistency."""
        item = self._table.get(secret_key(tenant_id, name))
        return _secret(item) if item else None

    def all(self, tenant_id: str) -> list[Secret]:
        """Read a tenant's secrets, sorted by name."""
        return [_secret(item) for item in self._table.partition(secret_key(tenant_id))]

    def encrypt(self, tenant_id: str, name: str, value: str) -> bytes:
        """Encrypt a value; costs one GenerateDataKey."""
        return self._cipher.encrypt(context_for_secret(tenant_id, name), {"value": value})

    def values(self, tenant_id: str, names: Iterable[str]) -> dict[str, str]:
        """Return the values of the secrets that exist; costs one Decrypt each."""
        found = {name: self.load(tenant_id, name) for name in sorted(names)}
        return {name: self._decrypt(secret) for name, secret in found.items() if secret}

    def create(self, secret: Secret, extra_writes: Sequence[Write] = ()) -> Secret:
        """Store a new secret.

        Raises:
            AlreadyExists: the tenant has a secret of that name.
        """
        try:
            self._table.transact([Put(_item(secret), ABSENT), *extra_writes])
        except ConditionFailed as error:
            raise AlreadyExists(f"Secret {secret.name} already exists") from error
        return secret

    def replace(self, before: Secret, after: Secret, extra_writes: Sequence[Write] = ()) -> Secret:
        """Store a secret in place of `before`.

        Raises:
            VersionConflict: the stored secret is not `before`.
        """
        unchanged = Attr("ciphertext").eq(before.ciphertext)
        try:
            self._table.transact([Put(_item(after), unchanged), *extra_writes])
        except ConditionFailed as error:
            raise VersionConflict from error
        return after

    def delete(self, secret: Secret, extra_writes: Sequence[Write] = ()) -> None:
        self._table.transact([Delete(secret_key(secret.tenant_id, secret.name)), *extra_writes])

    def _decrypt(self, secret: Secret) -> str:
        context = context_for_secret(secret.tenant_id, secret.name)
        return str(self._cipher.decrypt(context, secret.ciphertext)["value"])


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
