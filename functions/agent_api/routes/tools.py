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
    """Query parameters of the list of tools; unknown parameters are ignored."""

    agent: str | None = None


group = RouteGroup(PARAMETER_PATTERNS)


@group.get(
    "/agent/v1/calls/{call_id}/tools",
    operation_id="listTools",
    summary="List the definitions of the tools that an agent of the call can use.",
)
def list_tools(claim: CallAttemptRef, query: ToolQuery) -> Any:
    return tool_invocation_service().definitions(claim, query.agent)


@group.post(
    "/agent/v1/calls/{call_id}/tools/{tool}", operation_id="invokeTool", summary="Use a tool in the call."
)
def invoke(claim: CallAttemptRef, tool: str, body: Invocation) -> Any:
    return tool_invocation_service().invoke(claim, tool, body)
