"""The tools of a call as function tools of `livekit-agents`: `Agent(tools=await function_tools(call))`.

Source: https://docs.livekit.io/agents/build/tools/ (raw schemas, `ToolError`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from livekit.agents import ToolError, function_tool

from trunkline_agent.call import AgentCall
from trunkline_agent.responses import Refused
from trunkline_agent.tools import ToolDefinition


async def function_tools(call: AgentCall, agent: str | None = None) -> list[Any]:
    """Return the tools of an agent of the call, by default of its first agent.

    A failed invocation reaches the model as a `ToolError`, which says whether the tool may have run.
    """
    return [_function_tool(call, definition) for definition in await call.tools(agent)]


def _function_tool(call: AgentCall, definition: ToolDefinition) -> Any:
    schema = {
        "name": definition["name"],
        "description": definition["description"],
        "parameters": definition["parameters"],
    }
    return function_tool(_handler(call, definition["name"]), raw_schema=schema)


def _handler(call: AgentCall, name: str) -> Callable[[dict[str, object]], Awaitable[str]]:
    async def invoke(raw_arguments: dict[str, object]) -> str:
        try:
            invocation = await call.use_tool(name, raw_arguments)
        except Refused as error:
            raise ToolError(str(error)) from error
        if invocation["status"] != "succeeded":
            raise ToolError(json.dumps(invocation["error"]))
        return json.dumps(invocation["result"])

    return invoke
