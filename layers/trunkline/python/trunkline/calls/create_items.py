"""What accepting a call writes: the call, its place, its first event. Pure."""

from __future__ import annotations

import json
from typing import Any

from trunkline.calls.index_items import listing_attributes, open_attributes, queue_writes
from trunkline.calls.models import Call, NewEvent
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.timestamps import iso_from_ms
from trunkline.storage.keys.calls import call_event_key, call_key
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.writes import ABSENT, Put, Write


def create_items(call: Call) -> list[Write]:
    """The writes of rule 1 for one call; the first fails if the call is there."""
    item = call.as_attributes() | call_key(call.id).as_item()
    item |= open_attributes(call) | listing_attributes(call)
    data: dict[str, Any] = {}
    if call.due_ms:
        data = {"reason": call.waits_for}
        if call.waits_for is not WaitsFor.ZONE:
            data["until"] = iso_from_ms(call.due_ms)
    first = event_put(call, call.sequence, NewEvent(call.state.value, data), call.created_at_ms)
    return [Put(item, ABSENT), *queue_writes(None, call), first]


def event_put(call: Call, sequence: int, event: NewEvent, at_ms: int) -> Put:
    """An entry of a call's story; one of a batch's call says which row it is of."""
    item: Item = call_event_key(call.id, sequence).as_item()
    item |= {"sequence": sequence, "type": event.type, "at_ms": at_ms}
    item |= {
        "tenant_id": call.tenant_id,
        "livemode": call.livemode,
        "data_json": json.dumps(dict(event.data)),
    }
    if call.batch_row:
        item |= {"batch_id": call.batch_row.batch_id, "batch_row": call.batch_row.number}
    item |= {TTL: call.ttl} if call.ttl else {}
    return Put(item, ABSENT)
