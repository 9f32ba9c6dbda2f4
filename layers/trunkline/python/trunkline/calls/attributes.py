"""The attributes of a stored call, to write and to read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.value_objects import (
    AgentLost,
    AgentSnapshot,
    AgentTurn,
    AttemptRecord,
    BatchRow,
    Channel,
    Ending,
    HandoffAgent,
    WaitsFor,
    WorkflowRef,
)
from trunkline.core.stored_fields import known_fields

_STORED_NAMES = {
    "handoff_agents": "colleagues",
    "pending_ending": "kept_ending",
    "queue_position": "line_place",
    "token_expires_at_ms": "dead_after_ms",
}
"""Attributes of a stored call that keep the name they were first written with."""

_FIELDS = {_STORED_NAMES.get(member.name, member.name): member.name for member in fields(Call)}


def call_attributes(call: Call) -> dict[str, Any]:
    """Return the attributes to store, without absent and empty ones."""
    return {
        _STORED_NAMES.get(name, name): value
        for name, value in asdict(call).items()
        if value not in (None, ())
    }


def call_from_attributes(item: Mapping[str, Any]) -> Call:
    """Read a stored call; attributes that belong to the table (keys) are ignored."""
    values = {_FIELDS[name]: value for name, value in item.items() if name in _FIELDS}
    agent = values["agent"]
    lost = AgentLost(agent.get("agent_lost", AgentLost.HANG_UP))
    known_agent = known_fields(AgentSnapshot, agent)
    values["agent"] = AgentSnapshot(
        **{**known_agent, "agent_lost": lost, "tools": tuple(agent.get("tools", ()))}
    )
    values["state"] = State(values["state"])
    if "phase" in values:
        values["phase"] = Phase(values["phase"])
    if "reason" in values:
        values["reason"] = Reason(values["reason"])
    if "waits_for" in values:
        values["waits_for"] = WaitsFor(values["waits_for"])
    if ending := values.get("pending_ending"):
        at_ms = ending.get("at_ms")
        values["pending_ending"] = Ending(State(ending["state"]), Reason(ending["reason"]), at_ms)
    values["channel"] = Channel(values.get("channel", Channel.PHONE))
    if row := values.get("batch_row"):
        values["batch_row"] = BatchRow(**known_fields(BatchRow, row))
    if workflow := values.get("workflow"):
        values["workflow"] = WorkflowRef(**known_fields(WorkflowRef, workflow))
    values["handoff_agents"] = tuple(
        HandoffAgent(**{**known_fields(HandoffAgent, handoff), "tools": tuple(handoff.get("tools", ()))})
        for handoff in values.get("handoff_agents", ())
    )
    values["agent_turns"] = tuple(
        AgentTurn(**known_fields(AgentTurn, turn)) for turn in values.get("agent_turns", ())
    )
    if window := values.get("window"):
        values["window"] = CallingWindow.parse(window)
    values["redial"] = RedialPolicy.parse(values["redial"])
    values["attempts"] = tuple(_attempt(record) for record in values.get("attempts", ()))
    values["slots"] = tuple(values.get("slots", ()))
    return Call(**values)


def _attempt(record: Mapping[str, Any]) -> AttemptRecord:
    return AttemptRecord(**{**known_fields(AttemptRecord, record), "reason": Reason(record["reason"])})
