"""Routes of the tools that agents can use in a call."""

from __future__ import annotations

from typing import Any

from trunkline.core.validation import InputModel
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.tool_runtime.service import Invocation

from ..bootstrap.tools import tool_invocation_service
from . import PARAMETER_PATTERNS


class ToolQuery(InputModel):
    """Query parameters of the list of tools."""

    agent: str | None = None


group = RouteGroup(parameter_patterns=PARAMETER_PATTERNS)


@group.get("/agent/v1/calls/{call_id}/tools")
def list_tools(claim: CallAttemptRef, query: ToolQuery) -> Any:
    """List the definitions of the tools that an agent of the call can use."""
    return tool_invocation_service().definitions(claim, query.agent)


@group.post("/agent/v1/calls/{call_id}/tools/{tool}")
def invoke_tool(claim: CallAttemptRef, tool: str, body: Invocation) -> Any:
    """Use a tool in the call."""
    return tool_invocation_service().invoke(claim, tool, body)
