"""Context of a call for its agent: what `GET /agent/v1/calls/{id}/context` shows. Pure."""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import TypedDict

from trunkline.calls.agent_transitions import active_agent_name
from trunkline.calls.models import Call
from trunkline.calls.value_objects import HandoffAgent
from trunkline.workflows.models import Workflow


class ContextCall(TypedDict):
    """The call."""

    id: str
    channel: str
    livemode: bool
    user_id: str | None
    phone_number: str | None
    caller_id: str | None
    attempt: int
    metadata: dict[str, Any]


class ContextAgent(TypedDict):
    """The agent that the call began with."""

    id: str
    name: str
    active: str | None


class TeamMember(TypedDict):
    """An agent that may take over the call."""

    name: str
    livekit_agent_name: str


class ContextWorkflow(TypedDict):
    """The workflow, in the version that the call uses."""

    slug: str
    version: int
    name: str
    agents: list[TeamMember]
    tools: list[str]


class AgentCallContext(TypedDict):
    """Context of a call for its agent, without the keys that only tools may read."""

    call: ContextCall
    agent: ContextAgent
    workflow: ContextWorkflow | None
    user_context: dict[str, Any]
    variables: dict[str, Any]
    next_sequence: int


def call_context(call: Call) -> ContextCall:
    """Show the call."""
    return {
        "id": call.id,
        "channel": call.channel.value,
        "livemode": call.livemode,
        "user_id": call.user_id,
        "phone_number": call.phone_number or None,
        "caller_id": call.caller_id or None,
        "attempt": call.attempt_number,
        "metadata": json.loads(call.metadata_json),
    }


def agent_context(call: Call) -> ContextAgent:
    """Show the agent that the call began with, and the name of the one that has it now."""
    return {"id": call.agent.id, "name": call.agent.name, "active": active_agent_name(call)}


def workflow_context(call: Call, workflow: Workflow | None) -> ContextWorkflow | None:
    """Show the workflow and the agents that may take over."""
    if workflow is None:
        return None
    return {
        "slug": workflow.slug,
        "version": workflow.version,
        "name": workflow.name,
        "agents": _team(call),
        "tools": list(workflow.tools),
    }


def _team(call: Call) -> list[TeamMember]:
    entry = HandoffAgent(call.agent.id, call.agent.name, call.agent.livekit_agent_name)
    return [
        {"name": agent.name, "livekit_agent_name": agent.livekit_agent_name}
        for agent in (entry, *call.handoff_agents)
    ]
