"""Triggers in the table, and what came of their events, for a week."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace

from boto3.dynamodb.conditions import Attr

from trunkline.errors import ChangedMeanwhile
from trunkline.item_keys import TTL, Item
from trunkline.kept_keys import trigger_entry, trigger_event_key, trigger_key
from trunkline.table import ABSENT, ConditionFailed, Delete, Put, Table, Write
from trunkline.triggers.model import Outcome, Received, Trigger, trigger_from_attributes

_KEPT_S = 7 * 86_400


class TriggerStore:
    """A tenant's triggers. Who sends an event knows its trigger alone: each is kept by its own id, and listed
    with its tenant."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, trigger_id: str) -> Trigger | None:
        """A trigger, whosever it is: for events, which prove themselves by its secret."""
        item = self._table.get(trigger_key(trigger_id))
        return trigger_from_attributes(item) if item else None

    def load(self, space: str, trigger_id: str) -> Trigger | None:
        """A trigger of a tenant's."""
        if self._table.get(trigger_entry(space, trigger_id)) is None:
            return None
        return self.find(trigger_id)

    def all(self, space: str) -> list[Trigger]:
        """A tenant's triggers, by id."""
        prefix = trigger_entry(space)
        ids = [item["id"] for item in self._table.partition(prefix)]
        found = (self.find(each) for each in ids)
        return [trigger for trigger in found if trigger]

    def create(self, space: str, trigger: Trigger, more: Sequence[Write] = ()) -> None:
        """Store a new trigger."""
        entry = trigger_entry(space, trigger.id).as_item() | {"id": trigger.id}
        self._table.transact([Put(_item(trigger), ABSENT), Put(entry, ABSENT), *more])

    def save(self, changed: Trigger, more: Sequence[Write] = ()) -> Trigger:
        """Store a change to the version that `changed` was made of.

        Raises:
            ChangedMeanwhile: another request was quicker.
        """
        after = replace(changed, version=changed.version + 1)
        try:
            self._table.transact([Put(_item(after), Attr("version").eq(changed.version)), *more])
        except ConditionFailed as error:
            raise ChangedMeanwhile from error
        return after

    def delete(self, space: str, trigger: Trigger, more: Sequence[Write] = ()) -> None:
        """Delete a trigger."""
        self._table.transact(
            [Delete(trigger_key(trigger.id)), Delete(trigger_entry(space, trigger.id)), *more]
        )

    def note(self, received: Received) -> None:
        """Note what came of an event."""
        item = trigger_event_key(received.trigger_id, received.at_ms, uuid.uuid4().hex[:12]).as_item()
        told = {name: value for name, value in asdict(received).items() if value is not None}
        self._table.write(Put(item | told | {TTL: received.at_ms // 1000 + _KEPT_S}))

    def received(self, trigger_id: str, limit: int) -> list[Received]:
        """What came of the last events, newest first."""
        items = self._table.latest(trigger_event_key(trigger_id), limit=limit)
        return [_received(item) for item in items]


def _item(trigger: Trigger) -> Item:
    return trigger_key(trigger.id).as_item() | trigger.as_attributes()


def _received(item: Item) -> Received:
    return Received(
        trigger_id=item["trigger_id"],
        at_ms=item["at_ms"],
        outcome=Outcome(item["outcome"]),
        event_id=item.get("event_id"),
        call_id=item.get("call_id"),
        error=item.get("error"),
    )
