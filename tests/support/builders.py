"""The values that most tests start from: a trunk, an agent and a call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.clocks import NOW_MS
from trunkline.agents.models import Agent
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.states import State
from trunkline.calls.value_objects import AgentSnapshot, BatchRow, Channel
from trunkline.trunks.models import Trunk

TRUNK = Trunk("trunk_1", "t", "livekit.test", "ST_1", 5, ("+15550109001",))
SNAPSHOT = AgentSnapshot(
    id="11111111-1111-4111-8111-111111111111",
    name="Ada",
    type="voice",
    livekit_agent_name="ada",
    wait_for_agent=True,
    agent_join_timeout_s=5,
    ring_timeout_s=30,
    max_call_duration_s=600,
)


def make_agent(tenant_mode: str = "tenant-1", **changes: Any) -> Agent:
    """Make the stored agent that the calls of `make_call` are placed with."""
    agent = Agent(
        id=SNAPSHOT.id,
        tenant_id=tenant_mode,
        name=SNAPSHOT.name,
        type=SNAPSHOT.type,
        status="active",
        livekit_agent_name=SNAPSHOT.livekit_agent_name,
        trunk_id=TRUNK.id,
        phone_numbers=TRUNK.numbers,
        wait_for_agent=SNAPSHOT.wait_for_agent,
        agent_join_timeout_s=SNAPSHOT.agent_join_timeout_s,
        ring_timeout_s=SNAPSHOT.ring_timeout_s,
        max_call_duration_s=SNAPSHOT.max_call_duration_s,
    )
    return replace(agent, **changes)


def make_call(number: int = 1, **changes: Any) -> Call:
    """Make a call that was just accepted; `number` sets its id and its time of arrival."""
    if changes.pop("batch", False):
        changes["batch_row"] = BatchRow("bat_1", number)
    call_id = f"00000000-0000-4000-8000-{number:012d}"
    priority, tenant = changes.get("priority", 5), changes.get("tenant_id", "tenant-1")
    batch = "batch_row" in changes
    call = Call(
        id=call_id,
        tenant_id="tenant-1",
        livemode=True,
        state=State.QUEUED,
        version=1,
        sequence=1,
        created_at_ms=NOW_MS,
        expires_at_ms=NOW_MS + 3_600_000,
        agent=SNAPSHOT,
        trunk_id=TRUNK.id,
        phone_number="+15550100001",
        caller_id=TRUNK.numbers[0],
        priority=priority,
        metadata_json="{}",
        source="api",
        queue_position=QueuePosition(tenant, priority, batch, NOW_MS * 1000 + number, call_id).key,
    )
    return replace(call, **changes)


def make_web_call(**changes: Any) -> Call:
    """Make a call whose caller has not joined its room yet."""
    values: dict[str, Any] = {
        "channel": Channel.WEB,
        "state": State.PENDING,
        "trunk_id": "",
        "queue_position": "",
        "claim": 1,
    }
    return make_call(**(values | changes))
