"""Tenants in the table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from trunkline.storage.keys.item import SK
from trunkline.storage.keys.tenants import tenant_directory_key, tenant_key
from trunkline.storage.table import Put, Table, Update


class TenantRepository:
    """The deployment's tenants."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, name: str) -> str:
        """Store a tenant and return its id."""
        tenant_id = str(uuid.uuid4())
        entry = tenant_directory_key(tenant_id).as_item() | {"name": name}
        self._table.transact([Put(tenant_key(tenant_id).as_item() | {"name": name}), Put(entry)])
        return tenant_id

    def set(self, tenant_id: str, settings: Mapping[str, int | None]) -> None:
        """Change some of a tenant's settings; None removes a limit. It takes effect within a minute."""
        self._table.write(Update(tenant_key(tenant_id), set=settings))

    def find(self, name_or_id: str) -> str | None:
        """Find a tenant by its id or name: for operators, since it reads all of them."""
        for item in self._table.partition(tenant_directory_key()):
            if name_or_id in (item[SK], item["name"]):
                return str(item[SK])
        return None
