"""Trunks as the dialer, the API and the operator see them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.errors import AlreadyExists
from trunkline.table import (
    ABSENT,
    SK,
    ConditionFailed,
    Put,
    Table,
    grant_key,
    trunk_directory_key,
    trunk_key,
)


@dataclass(frozen=True)
class Trunk:
    """A LiveKit SIP outbound trunk, its numbers and its budget (`cps`: INVITEs a second)."""

    id: str
    name: str
    livekit_project: str
    sip_trunk_id: str
    cps: float
    numbers: tuple[str, ...]


def trunk_id_for(livekit_project: str, sip_trunk_id: str) -> str:
    """The one id of a SIP trunk in a LiveKit project, so that it can never have two lanes."""
    digest = hashlib.sha256(f"{livekit_project}\n{sip_trunk_id}".encode()).hexdigest()
    return f"trunk_{digest[:24]}"


class TrunkStore:
    """Trunks in the table, and which tenants may use them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, trunk_id: str) -> Trunk | None:
        item = self._table.get(trunk_key(trunk_id))
        return _trunk(item) if item else None

    def ids(self) -> list[str]:
        """Every trunk of the deployment."""
        return [item[SK] for item in self._table.partition(trunk_directory_key())]

    def create(self, trunk: Trunk) -> None:
        """Store a new trunk.

        Raises:
            AlreadyExists: this SIP trunk has its lane already.
        """
        item = asdict(trunk) | {"numbers": list(trunk.numbers)} | trunk_key(trunk.id).as_item()
        entry = trunk_directory_key(trunk.id).as_item() | {"name": trunk.name}
        try:
            self._table.transact([Put(item, ABSENT), Put(entry, ABSENT)])
        except ConditionFailed as error:
            raise AlreadyExists(f"SIP trunk {trunk.sip_trunk_id} is already trunk {trunk.id}") from error

    def save(self, trunk: Trunk) -> None:
        """Replace a trunk's name, pace and numbers; running lanes take them up within seconds."""
        item = asdict(trunk) | {"numbers": list(trunk.numbers)} | trunk_key(trunk.id).as_item()
        entry = trunk_directory_key(trunk.id).as_item() | {"name": trunk.name}
        self._table.transact([Put(item), Put(entry)])

    def grant(self, trunk_id: str, tenant_id: str) -> None:
        """Let a tenant dial through a trunk; granting twice is granting once."""
        self._table.write(Put(grant_key(tenant_id, trunk_id).as_item() | {"trunk_id": trunk_id}))

    def find(self, tenant_id: str, name_or_id: str) -> Trunk | None:
        """Find one of the tenant's trunks by its id or name."""
        for item in self._table.partition(grant_key(tenant_id)):
            trunk = self.load(item["trunk_id"])
            if trunk and name_or_id in (trunk.id, trunk.name):
                return trunk
        return None

    def granted(self, tenant_id: str, trunk_id: str) -> Trunk | None:
        """Load a trunk on a tenant's behalf; one that is not granted is as good as none."""
        if self._table.get(grant_key(tenant_id, trunk_id)) is None:
            return None
        return self.load(trunk_id)


def _trunk(item: dict[str, Any]) -> Trunk:
    return Trunk(
        id=item["id"],
        name=item["name"],
        livekit_project=item["livekit_project"],
        sip_trunk_id=item["sip_trunk_id"],
        cps=item["cps"],
        numbers=tuple(item["numbers"]),
    )
