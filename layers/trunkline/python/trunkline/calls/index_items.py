"""Items and attributes derived from a call: queue entry, concurrency slots, index entries. Pure.

They follow from the call itself, so that one transaction keeps them in step with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from boto3.dynamodb.conditions import Attr

from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.phone_numbers import canonical_number
from trunkline.storage.keys.calls import calls_partition, calls_sort_key, number_partition, user_partition
from trunkline.storage.keys.dialing import (
    in_progress_partition,
    queue_key,
    scheduled_key,
    slot_count_key,
    slot_key,
    talking_prefix,
    waiting_partition,
)
from trunkline.storage.keys.item import (
    CALLS_PK,
    CALLS_SK,
    NUMBER_PK,
    OPEN_PK,
    OPEN_SK,
    USER_PK,
    Item,
    ItemKey,
)
from trunkline.storage.writes import ABSENT, EXISTS, Delete, Put, Update, Write


def open_attributes(call: Call) -> Item:
    """Return the attributes that list a call in the index of open calls; none once it has ended.

    A call with a pending hang-up stays listed, for the reconciler, behind the calls of every tenant. Answered
    calls are listed behind those that ring, so that each kind can be counted.
    """
    if call.is_terminal:
        listed = {OPEN_PK: in_progress_partition(call.lane), OPEN_SK: f"~{call.id}"}
        return listed if call.hang_up_pending else {}
    if call.is_waiting or call.state is State.PENDING:
        expiry = f"{call.expires_at_ms:015d}#{call.id}"
        return {OPEN_PK: waiting_partition(call.lane), OPEN_SK: expiry}
    started = f"{call.created_at_ms:015d}#{call.id}"
    owner = talking_prefix(call.tenant_id) if call.state is State.ACTIVE else f"{call.tenant_id}#"
    return {OPEN_PK: in_progress_partition(call.lane), OPEN_SK: owner + started}


def listing_attributes(call: Call) -> Item:
    """Return the attributes that list a call by tenant, user and number; they never change."""
    listed: Item = {
        CALLS_PK: calls_partition(call.tenant_id, livemode=call.livemode),
        CALLS_SK: calls_sort_key(call.created_at_ms, call.id),
        "agent_id": call.agent.id,
    }
    if call.workflow:
        listed["workflow_slug"] = call.workflow.slug
    if call.user_id is not None:
        listed[USER_PK] = user_partition(call.tenant_id, call.user_id, livemode=call.livemode)
    if call.phone_number:
        listed[NUMBER_PK] = number_partition(
            call.tenant_id, canonical_number(call.phone_number), livemode=call.livemode
        )
    return listed


def queue_writes(before: Call | None, after: Call) -> list[Write]:
    """Move the entry of a waiting call: to the queue, to the scheduled calls, or remove it."""
    old, new = before and _waits_at(before), _waits_at(after)
    if old == new:
        return []
    writes: list[Write] = [Delete(old, EXISTS)] if old else []
    if new:
        values = {"call_id": after.id, "tenant_id": after.tenant_id}
        if after.due_ms is not None:
            values["waits_for"] = _cause_of_wait(after)
        writes.append(Put(new.as_item() | values, ABSENT))
    return writes


def _cause_of_wait(call: Call) -> str:
    """Return the `queue_state` of a call outside the queue, for counts by cause."""
    if call.state is State.SCHEDULED and call.waits_for is not WaitsFor.ZONE:
        return WaitsFor.SCHEDULE.value
    return (call.waits_for or WaitsFor.RETRY).value


def _waits_at(call: Call) -> ItemKey | None:
    if not call.is_waiting:
        return None
    if call.due_ms is not None:
        return scheduled_key(call.trunk_id, call.due_ms, call.id)
    return queue_key(call.trunk_id, call.queue_position)


def slot_writes(before: Call, after: Call, limits: Mapping[str, int]) -> tuple[list[Write], list[Write]]:
    """Take and release slots in the transaction of the call (rule 15).

    Returns:
        The writes of the pools' counters and of the slots; the counter of a full pool fails.
    """
    counts: list[Write] = []
    slots: list[Write] = []
    for pool in sorted(set(after.slots) - set(before.slots)):
        slots.append(Put(slot_key(pool, after.id, after.claim).as_item(), ABSENT))
        count = Attr("taken")
        free = count.not_exists() | count.lt(limits[pool]) if pool in limits else None
        counts.append(Update(slot_count_key(pool), add={"taken": 1}, condition=free))
    for pool in sorted(set(before.slots) - set(after.slots)):
        slots.append(Delete(slot_key(pool, before.id, before.claim), EXISTS))
        counts.append(Update(slot_count_key(pool), add={"taken": -1}))
    return counts, slots
