"""Routes of the tools that agents can use in a call."""

from __future__ import annotations

from pydantic import Field

from trunkline.core.validation import InputModel
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.tool_runtime.function_definitions import ToolDefinitions
from trunkline.tool_runtime.service import Invocation, InvocationView

from ..bootstrap.tools import tool_invocation_service
from . import ATTEMPT_OVER, NO_CALL, PARAMETER_PATTERNS


class ToolQuery(InputModel):
    """Query parameters of the list of tools."""

    agent: str | None = Field(
        default=None, description="The name of an agent of the call; by default that of its first one."
    )


group = RouteGroup(not_found=NO_CALL, parameter_patterns=PARAMETER_PATTERNS)


@group.get(
    "/agent/v1/calls/{call_id}/tools",
    returns="Function definitions.",
    errors={404: "No such call, or the call has no such agent."} | ATTEMPT_OVER,
)
def list_agent_tools(claim: CallAttemptRef, query: ToolQuery) -> ToolDefinitions:
    """List the definitions of the tools that an agent of the call can use.

    They are function definitions for a model: `parameters` is JSON Schema.
    """
    return tool_invocation_service().definitions(claim, query.agent)


@group.post(
    "/agent/v1/calls/{call_id}/tools/{tool}",
    idempotent=False,
    returns="The outcome; `status` says whether the tool succeeded.",
    errors={
        404: "No such call, or the call has no such tool.",
        409: "The attempt or the call has ended, its events are too many, or `invocation_id` is in use.",
    },
    example={"params": {"meal": "two eggs"}, "invocation_id": "inv_4711"},
)
def invoke_tool(claim: CallAttemptRef, tool: str, body: Invocation) -> InvocationView:
    """Use a tool in the call.

    A repeated `invocation_id` runs nothing and gets the same response.
    """
    return tool_invocation_service().invoke(claim, tool, body)
