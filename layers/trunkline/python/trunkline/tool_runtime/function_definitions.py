"""A call's tools as a model's function definitions. Pure."""

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
    """A function as models know it: `parameters` is JSON Schema."""

    name: str
    description: str
    parameters: dict[str, Any]
    version: int


class ToolDefinitions(TypedDict):
    data: list[ToolDefinition]


def definition(tool: Tool) -> ToolDefinition:
    """Tell a model of a tool."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": json_schema(config_of(tool).parameters),
        "version": tool.version,
    }


def agents_of(call: Call) -> list[HandoffAgent]:
    """Who may talk in a call, the agent it was made with first."""
    agent = call.agent
    return [HandoffAgent(agent.id, agent.name, agent.livekit_agent_name, agent.tools), *call.handoff_agents]


def agent_of(call: Call, name: str) -> HandoffAgent | None:
    """Who is called so in a call's team, by the tenant's name or its worker's."""
    return next((each for each in agents_of(call) if name in (each.name, each.livekit_agent_name)), None)


def tools_of(call: Call, workflow: Workflow | None, agent: str | None) -> list[str]:
    """The names of an agent's tools, its workflow's first; by default those of the agent it was made with.

    Raises:
        NotFound: nobody in the call is called so.
    """
    who = agent_of(call, agent) if agent else agents_of(call)[0]
    if who is None:
        raise NotFound("Agent not found")
    return list(dict.fromkeys([*(workflow.tools if workflow else ()), *who.tools]))


def all_tools_of(call: Call, workflow: Workflow | None) -> frozenset[str]:
    """The names of the tools that anybody in a call may use."""
    return frozenset(workflow.tools if workflow else ()).union(*(each.tools for each in agents_of(call)))
