"""Writes that create a call, by name: the call, its queue entry and first event, and what goes with it.

Pure: `CallRepository.create` executes them and tells a failed one by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trunkline.calls.attributes import call_attributes
from trunkline.calls.index_items import listing_attributes, open_attributes, queue_writes, slot_writes
from trunkline.calls.models import Call, NewEvent
from trunkline.calls.value_objects import Channel, WaitsFor
from trunkline.core.json_text import json_text
from trunkline.core.timestamps import iso_from_ms
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.keys.calls import call_event_key, call_key
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.table import ABSENT, Check, Put, Write

IDEMPOTENCY = "idempotency"
RULES = "rules"
SLOT_COUNTS = "slot counts"


def create_items(
    call: Call,
    idempotency_key: IdempotencyKey | None = None,
    extra_writes: Sequence[Write] = (),
    limits: Mapping[str, int] | None = None,
    checks: Sequence[Check] = (),
) -> dict[str, Sequence[Write | Check]]:
    """Name all writes of rule 1: all of them take place, or none."""
    counts, slots = slot_writes(replace(call, slots=()), call, limits or {})
    return {
        IDEMPOTENCY: [idempotency_key.record(call.id, call.created_at_ms)] if idempotency_key else [],
        "call": call_writes(call),
        "extra": extra_writes,
        "slots": slots,
        SLOT_COUNTS: counts,
        RULES: checks,
    }


def call_writes(call: Call) -> list[Write]:
    """Write the call, its queue entry and its first event; the first fails if the call exists."""
    item = call_attributes(call) | call_key(call.id).as_item()
    item |= open_attributes(call) | listing_attributes(call)
    data: dict[str, Any] = {}
    if call.due_ms:
        data = {"reason": call.waits_for}
        if call.waits_for is not WaitsFor.ZONE:
            data["until"] = iso_from_ms(call.due_ms)
    first = event_put(call, call.sequence, NewEvent(call.state.value, data), call.created_at_ms)
    return [Put(item, ABSENT), *queue_writes(None, call), first]


def _outcome(call: Call) -> Item:
    """Return what the last entry says of the whole call, for counts of calls and their answer rate."""
    outcome: Item = {"talk_s": call.duration_s} if call.duration_s else {}
    if call.channel is Channel.PHONE:
        was_dialled = call.connecting_at_ms is not None or call.attempts_made > 0
        outcome |= {"dialled": True} if was_dialled else {}
        outcome |= {"answered": True} if call.was_answered else {}
    return outcome


def event_put(call: Call, sequence: int, event: NewEvent, at_ms: int) -> Put:
    """Write an entry of a call's timeline; one of a batch's call has its row, for the batch's counts."""
    item: Item = call_event_key(call.id, sequence).as_item()
    item |= {"sequence": sequence, "type": event.type, "at_ms": at_ms}
    item |= {
        "tenant_id": call.tenant_id,
        "livemode": call.livemode,
        "data_json": json_text(dict(event.data)),
    }
    if call.client_trace_id:
        item |= {"trace_id": call.client_trace_id}
    if call.is_terminal:
        item |= _outcome(call)
    if call.batch_row:
        item |= {"batch_id": call.batch_row.batch_id, "batch_row": call.batch_row.number}
    item |= {TTL: call.ttl} if call.ttl else {}
    return Put(item, ABSENT)
