"""Audit log of changes to a tenant's resources, retained for a year.

An entry is written in the transaction of its change, so that neither exists without the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.core.field_types import Moment
from trunkline.core.json_text import same_json
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.core.timestamps import iso_from_ms, moment_ms
from trunkline.core.validation import Bounded, InputModel
from trunkline.storage.keys.item import SK, TTL, Item
from trunkline.storage.keys.tenants import audit_key
from trunkline.storage.table import Put, Table

_RETENTION_S = 365 * 24 * 3600
_PAGE_ITEMS = 200
_MAX_SCANNED = 5_000


class AuditQuery(InputModel):
    """What `GET /api/v1/audit` can be asked for; times are ISO 8601 with their offset."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "after": "after must be an ISO 8601 time with its offset",
        "before": "before must be an ISO 8601 time with its offset",
        "cursor": MESSAGE,
    }

    action: str | None = Field(default=None, max_length=100, description="For example `agent.created`.")
    target_id: str | None = Field(default=None, max_length=200, description="The id of the changed resource.")
    actor_id: str | None = Field(default=None, max_length=200, description="The id of a key.")
    after: Moment | None = Field(default=None, description="ISO 8601 time with its offset.")
    before: Moment | None = Field(default=None, description="ISO 8601 time with its offset.")
    limit: Annotated[int, Bounded(1, 100), Field(description="Entries in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")

    def wants(self, item: Item) -> bool:
        """Tell whether an entry matches the filter."""
        wanted = {"action": self.action, "target_id": self.target_id, "actor_id": self.actor_id}
        return all(value is None or item.get(name) == value for name, value in wanted.items())

    def sort_key_range(self) -> tuple[str, str]:
        """Return the first and last sort key that match."""
        first = f"{moment_ms(self.after):015d}" if self.after else "0"
        last = f"{moment_ms(self.before):015d}" if self.before else "~"
        if self.cursor:
            last = min(last, decode_cursor(self.cursor, r"[0-9]{15}#[a-z0-9_]{1,64}"))
        return first, max(first, last)


class ActorView(TypedDict):
    """Who did it: `type` is `api_key`, `session` or `operator`."""

    type: str
    id: str
    name: str
    address: str


class AuditEntryView(TypedDict):
    """One thing that was done; `changed` names the fields, never their values."""

    id: str
    at: str
    action: str
    target_type: str
    target_id: str
    changed: list[str]
    livemode: bool
    actor: ActorView
    request_id: str


class AuditList(TypedDict):
    data: list[AuditEntryView]
    next_cursor: str | None


def audit_write(
    principal: Principal, now_ms: int, action: str, target_id: str, changed: Iterable[str] = ()
) -> Put:
    """Return the write of an entry (`agent.created`), for the transaction of the change."""
    actor, entry_id = principal.actor, f"aud_{uuid.uuid4().hex[:20]}"
    item: dict[str, Any] = audit_key(principal.tenant_id, now_ms, entry_id).as_item()
    item |= {"entry_id": entry_id, "at_ms": now_ms, "action": action, "target_id": target_id}
    item |= {"changed": sorted(changed), "livemode": principal.livemode}
    item |= {"actor_type": actor.kind, "actor_id": actor.id, "actor_name": actor.name}
    item |= {"address": actor.address, "request_id": actor.request_id}
    return Put(item | {TTL: now_ms // 1000 + _RETENTION_S})


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields in which two views of a resource differ."""
    return [name for name in after if name != "version" and not same_json(before.get(name), after[name])]


@dataclass(frozen=True)
class AuditLog:
    """Reads a tenant's entries of the key's mode, newest first."""

    table: Table

    def page(self, principal: Principal, query: AuditQuery) -> AuditList:
        """Return a page; a filter that few entries match may return an incomplete one with a cursor."""
        first, last = query.sort_key_range()
        found: list[Item] = []
        seen, scanned = None, 0
        for item in self._newest(principal, first, last):
            if len(found) == query.limit or scanned == _MAX_SCANNED:
                return {"data": [_view(entry) for entry in found], "next_cursor": encode_cursor(str(seen))}
            seen, scanned = item[SK], scanned + 1
            if item["livemode"] is principal.livemode and query.wants(item):
                found.append(item)
        return {"data": [_view(entry) for entry in found], "next_cursor": None}

    def _newest(self, principal: Principal, first: str, last: str) -> Iterable[Item]:
        prefix = audit_key(principal.tenant_id)
        begin = type(prefix)(prefix.pk, first)
        for page in self.table.newest_between(begin, last, limit=_PAGE_ITEMS):
            yield from (item for item in page if item[SK] != last)


def _view(item: Item) -> AuditEntryView:
    return {
        "id": item["entry_id"],
        "at": iso_from_ms(item["at_ms"]),
        "action": item["action"],
        "target_type": item["action"].partition(".")[0],
        "target_id": item["target_id"],
        "changed": list(item["changed"]),
        "livemode": item["livemode"],
        "actor": {
            "type": item["actor_type"],
            "id": item["actor_id"],
            "name": item["actor_name"],
            "address": item["address"],
        },
        "request_id": item["request_id"],
    }
