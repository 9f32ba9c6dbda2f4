"""Storage of webhook endpoints; every read starts from the tenant's key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from boto3.dynamodb.conditions import Attr

from trunkline.core.errors import LimitReached, VersionConflict
from trunkline.core.json_text import json_text
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.keys.webhooks import tenant_event_key, webhook_count_key, webhook_key
from trunkline.storage.table import ABSENT, EXISTS, ConditionFailed, Delete, Put, Table, Update, Write
from trunkline.storage.versioned import save_next_version
from trunkline.webhooks.delivery_models import DELIVERY_RETENTION_S
from trunkline.webhooks.events import Event
from trunkline.webhooks.models import Endpoint, endpoint_from_attributes

MAX_ENDPOINTS = 20


class EndpointRepository:
    """Stores endpoints by tenant, and counts them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, tenant_id: str, endpoint_id: str) -> Endpoint | None:
        """Read an endpoint with strong consistency."""
        item = self._table.get(webhook_key(tenant_id, endpoint_id))
        return endpoint_from_attributes(item) if item else None

    def all(self, tenant_id: str) -> list[Endpoint]:
        """Read all endpoints of a tenant, of both modes."""
        return [endpoint_from_attributes(item) for item in self._table.partition(webhook_key(tenant_id))]

    def create(self, endpoint: Endpoint, extra_writes: Sequence[Write] = ()) -> Endpoint:
        """Store a new endpoint.

        Raises:
            LimitReached: the tenant has the maximum number; they are counted in the same transaction.
        """
        count = Attr("count")
        below_limit = count.not_exists() | count.lt(MAX_ENDPOINTS)
        counted = Update(webhook_count_key(endpoint.tenant_id), add={"count": 1}, condition=below_limit)
        try:
            self._table.transact([Put(_item(endpoint), ABSENT), counted, *extra_writes])
        except ConditionFailed as error:
            raise LimitReached(f"A tenant may have {MAX_ENDPOINTS} webhooks") from error
        return endpoint

    def replace(self, before: Endpoint, after: Endpoint, extra_writes: Sequence[Write] = ()) -> Endpoint:
        """Store `after` as the version that follows `before`.

        Raises:
            VersionConflict: the stored version is not `before`.
        """
        changed = replace(after, version=before.version)
        return save_next_version(self._table, changed, _item, extra_writes)

    def delete(self, endpoint: Endpoint, extra_writes: Sequence[Write] = ()) -> None:
        """Delete an endpoint; do nothing if it is already deleted."""
        key = webhook_key(endpoint.tenant_id, endpoint.id)
        counted = Update(webhook_count_key(endpoint.tenant_id), add={"count": -1})
        with suppress(ConditionFailed):
            self._table.transact([Delete(key, EXISTS), counted, *extra_writes])

    def disable(self, endpoint: Endpoint, reason: str, event: Event) -> bool:
        """Disable an endpoint and store an event for the tenant's others; return False if it was changed."""
        after = replace(endpoint, enabled=False, disabled_reason=reason, updated_at_ms=event.at_ms)
        try:
            save_next_version(self._table, after, _item, [_event_write(event)])
        except VersionConflict:
            return False
        return True


def _item(endpoint: Endpoint) -> Item:
    return endpoint.as_attributes() | webhook_key(endpoint.tenant_id, endpoint.id).as_item()


def _event_write(event: Event) -> Put:
    item = tenant_event_key(event.tenant_id, event.at_ms, event.id).as_item()
    item |= {"event_id": event.id, "type": event.type, "tenant_id": event.tenant_id, "at_ms": event.at_ms}
    item |= {"livemode": event.livemode, "data_json": json_text(dict(event.data))}
    return Put(item | {TTL: event.at_ms // 1000 + DELIVERY_RETENTION_S})
