"""Tenants in the table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.core.errors import AlreadyExists, InvalidRequest
from trunkline.storage.keys.item import SK
from trunkline.storage.keys.tenants import tenant_directory_key, tenant_key, tenant_name_key
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table, Update, Write
from trunkline.tenants.settings import TenantSettings

_MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class Tenant:
    id: str
    name: str


class TenantRepository:
    """The deployment's tenants."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, name: str) -> str:
        """Store a tenant and return its id.

        Raises:
            InvalidRequest: the name is blank, longer than 100 characters, or not printable.
            AlreadyExists: a tenant has this name, or this as its id.
        """
        if not name.strip() or len(name) > _MAX_NAME_LENGTH or not name.isprintable():
            raise InvalidRequest(f"a tenant needs a name of 1 to {_MAX_NAME_LENGTH} printable characters")
        if any(name in (tenant.id, tenant.name) for tenant in self.all()):
            raise AlreadyExists(f"Tenant {name} already exists")
        tenant_id = str(uuid.uuid4())
        entry = tenant_directory_key(tenant_id).as_item() | {"name": name}
        claim = Put(tenant_name_key(name).as_item() | {"tenant_id": tenant_id}, ABSENT)
        tenant = Put(tenant_key(tenant_id).as_item() | {"name": name})
        try:
            self._table.transact([tenant, Put(entry), claim])
        except ConditionFailed as error:
            raise AlreadyExists(f"Tenant {name} already exists") from error
        return tenant_id

    def all(self) -> list[Tenant]:
        """Read all tenants, by name."""
        items = self._table.partition(tenant_directory_key())
        return sorted((Tenant(item[SK], item["name"]) for item in items), key=lambda tenant: tenant.name)

    def settings(self, tenant_id: str) -> TenantSettings:
        """Read a tenant's settings."""
        return TenantSettings.parse(self._table.get(tenant_key(tenant_id)) or {})

    def set(
        self, tenant_id: str, settings: Mapping[str, int | None], extra_writes: Sequence[Write] = ()
    ) -> None:
        """Change some of a tenant's settings; None removes a limit. It takes effect within a minute."""
        self._table.transact([Update(tenant_key(tenant_id), set=settings), *extra_writes])

    def find(self, name_or_id: str) -> str | None:
        """Find a tenant by its id or name: for operators, since it reads all of them.

        Raises:
            InvalidRequest: several tenants have this name, from before names were unique.
        """
        found = [tenant.id for tenant in self.all() if name_or_id in (tenant.id, tenant.name)]
        if name_or_id in found:
            return name_or_id
        if len(found) > 1:
            raise InvalidRequest(
                f"{len(found)} tenants are named {name_or_id}; use an id: {', '.join(found)}"
            )
        return found[0] if found else None
