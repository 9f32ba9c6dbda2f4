"""Automations (triggers and schedules) in the table.

Each is stored under its own id, since an event or a tick knows nothing else; its tenant has an entry for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from trunkline.call_templates.models import Automation
from trunkline.storage.keys.item import TTL, Item, ItemKey
from trunkline.storage.table import ABSENT, Delete, Put, Table, Write
from trunkline.storage.versioned import save_next_version

A = TypeVar("A", bound=Automation)


@dataclass(frozen=True)
class AutomationType(Generic[A]):
    """The keys of one type of automation: by its id, its tenant's entry, and the outcomes of its events."""

    key: Callable[[str], ItemKey]
    entry: Callable[[str, str], ItemKey]
    outcome_key: Callable[[str, int, str], ItemKey]
    outcome_retention_s: int
    read: Callable[[Mapping[str, Any]], A]


class AutomationRepository(Generic[A]):
    """Automations of one type."""

    def __init__(self, table: Table, kind: AutomationType[A]) -> None:
        self._table = table
        self._kind = kind

    def find(self, automation_id: str) -> A | None:
        """Read an automation of any tenant."""
        item = self._table.get(self._kind.key(automation_id))
        return self._kind.read(item) if item else None

    def load(self, tenant_mode: str, automation_id: str) -> A | None:
        """Read one of a tenant's automations."""
        if self._table.get(self._kind.entry(tenant_mode, automation_id)) is None:
            return None
        return self.find(automation_id)

    def all(self, tenant_mode: str) -> list[A]:
        """Read a tenant's automations, by id: at most a hundred (`Table.get_all`)."""
        entries = self._table.partition(self._kind.entry(tenant_mode, ""))
        found = self._table.get_all([self._kind.key(entry["id"]) for entry in entries]) if entries else []
        return [self._kind.read(item) for item in found]

    def count(self, tenant_mode: str, limit: int) -> int:
        """Count a tenant's automations, up to `limit`."""
        first = self._kind.entry(tenant_mode, "")
        return self._table.count(first, f"{first.sk}~", limit=limit)

    def create(self, automation: A, extra_writes: Sequence[Write] = ()) -> A:
        """Store a new automation and its tenant's entry."""
        entry = self._kind.entry(automation.tenant_mode, automation.id).as_item() | {"id": automation.id}
        self._table.transact([Put(self._item(automation), ABSENT), Put(entry, ABSENT), *extra_writes])
        return automation

    def replace(self, before: A, after: A, extra_writes: Sequence[Write] = ()) -> A:
        """Store `after` as the version that follows `before`.

        Raises:
            VersionConflict: the stored version is not `before`.
        """
        changed = replace(after, version=before.version)
        return save_next_version(self._table, changed, self._item, extra_writes)

    def delete(self, automation: A, extra_writes: Sequence[Write] = ()) -> None:
        """Delete an automation and its tenant's entry."""
        entry = self._kind.entry(automation.tenant_mode, automation.id)
        self._table.transact([Delete(self._kind.key(automation.id)), Delete(entry), *extra_writes])

    def _record_outcome(self, automation_id: str, at_ms: int, outcome: Mapping[str, Any]) -> None:
        item = self._kind.outcome_key(automation_id, at_ms, uuid.uuid4().hex[:12]).as_item()
        self._table.write(Put({**item, **outcome, TTL: at_ms // 1000 + self._kind.outcome_retention_s}))

    def _latest_outcomes(self, automation_id: str, limit: int) -> list[Item]:
        return self._table.latest(self._kind.outcome_key(automation_id, 0, ""), limit=limit)

    def _item(self, automation: A) -> Item:
        return {**self._kind.key(automation.id).as_item(), **asdict(automation)}
