"""What starts calls by a template, with nobody asking: triggers and schedules, in the table.

Each is kept by its own id, for who knows that alone (an event, a tick), and listed with its tenant.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from boto3.dynamodb.conditions import Attr

from trunkline.call_templates.models import Automation
from trunkline.core.errors import VersionConflict
from trunkline.storage.keys.item import TTL, Item, ItemKey
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table, Write

S = TypeVar("S", bound=Automation)


@dataclass(frozen=True)
class AutomationType(Generic[S]):
    """A kind of starter: where it is kept by its id, where its tenant's entry is, and where what came of it
    is, for `told_for_s`."""

    key: Callable[[str], ItemKey]
    entry: Callable[[str, str], ItemKey]
    told: Callable[[str, int, str], ItemKey]
    told_for_s: int
    read: Callable[[Mapping[str, Any]], S]


class AutomationRepository(Generic[S]):
    """A tenant's starters of one kind."""

    def __init__(self, table: Table, kind: AutomationType[S]) -> None:
        self._table = table
        self._kind = kind

    def find(self, starter_id: str) -> S | None:
        """One, whosever it is."""
        item = self._table.get(self._kind.key(starter_id))
        return self._kind.read(item) if item else None

    def load(self, tenant_mode: str, starter_id: str) -> S | None:
        """One of a tenant's."""
        if self._table.get(self._kind.entry(tenant_mode, starter_id)) is None:
            return None
        return self.find(starter_id)

    def all(self, tenant_mode: str) -> list[S]:
        """A tenant's, by id: a hundred at most (`Table.get_all`)."""
        entries = self._table.partition(self._kind.entry(tenant_mode, ""))
        found = self._table.get_all([self._kind.key(entry["id"]) for entry in entries]) if entries else []
        return [self._kind.read(item) for item in found]

    def count(self, tenant_mode: str, most: int) -> int:
        """How many a tenant has; never more than `most`."""
        first = self._kind.entry(tenant_mode, "")
        return self._table.count(first, f"{first.sk}~", limit=most)

    def create(self, tenant_mode: str, starter: S, more: Sequence[Write] = ()) -> None:
        """Store a new one."""
        entry = self._kind.entry(tenant_mode, starter.id).as_item() | {"id": starter.id}
        self._table.transact([Put(self._item(starter), ABSENT), Put(entry, ABSENT), *more])

    def save(self, changed: S, more: Sequence[Write] = ()) -> S:
        """Store a change to the version that `changed` was made of.

        Raises:
            VersionConflict: another request was quicker.
        """
        after = replace(changed, version=changed.version + 1)
        try:
            self._table.transact([Put(self._item(after), Attr("version").eq(changed.version)), *more])
        except ConditionFailed as error:
            raise VersionConflict from error
        return after

    def delete(self, tenant_mode: str, starter: S, more: Sequence[Write] = ()) -> None:
        """Delete one."""
        gone = (self._kind.key(starter.id), self._kind.entry(tenant_mode, starter.id))
        self._table.transact([*map(Delete, gone), *more])

    def _tell(self, starter_id: str, at_ms: int, told: Mapping[str, Any]) -> None:
        item = self._kind.told(starter_id, at_ms, uuid.uuid4().hex[:12]).as_item()
        self._table.write(Put({**item, **told, TTL: at_ms // 1000 + self._kind.told_for_s}))

    def _told(self, starter_id: str, limit: int) -> list[Item]:
        return self._table.latest(self._kind.told(starter_id, 0, ""), limit=limit)

    def _item(self, starter: S) -> Item:
        return {**self._kind.key(starter.id).as_item(), **asdict(starter)}
