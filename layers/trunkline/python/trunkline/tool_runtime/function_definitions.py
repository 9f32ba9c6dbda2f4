"""Function definitions of a call's tools, for a language model. Pure."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from trunkline.calls.models import Call
from trunkline.calls.value_objects import HandoffAgent
from trunkline.core.errors import NotFound
from trunkline.tools.models import Tool
from trunkline.tools.parameters import json_schema
from trunkline.tools.schemas import config_of
from trunkline.workflows.models import Workflow


class ToolDefinition(TypedDict):
    """A function definition; `parameters` is JSON Schema."""

    name: str
    description: str
    parameters: dict[str, Any]
    version: int


class ToolDefinitions(TypedDict):
    data: list[ToolDefinition]


def definition(tool: Tool) -> ToolDefinition:
    """Return the function definition of a tool."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": json_schema(config_of(tool).parameters),
        "version": tool.version,
    }


def agents_of(call: Call) -> list[HandoffAgent]:
    """Return the agents of a call, the first being the one it was created with."""
    agent = call.agent
    return [HandoffAgent(agent.id, agent.name, agent.livekit_agent_name, agent.tools), *call.handoff_agents]


def agent_of(call: Call, name: str) -> HandoffAgent | None:
    """Find an agent of a call by its own name or by that of its LiveKit worker."""
    return next((agent for agent in agents_of(call) if name in (agent.name, agent.livekit_agent_name)), None)


def tools_of(call: Call, workflow: Workflow | None, agent: str | None) -> list[str]:
    """Return the names of an agent's tools, the workflow's first; by default the first agent's.

    Raises:
        NotFound: the call has no such agent.
    """
    found = agent_of(call, agent) if agent else agents_of(call)[0]
    if found is None:
        raise NotFound("Agent not found")
    return list(dict.fromkeys([*(workflow.tools if workflow else ()), *found.tools]))


def all_tools_of(call: Call, workflow: Workflow | None) -> frozenset[str]:
    """Return the names of the tools that any agent of a call may use."""
    return frozenset(workflow.tools if workflow else ()).union(*(agent.tools for agent in agents_of(call)))
