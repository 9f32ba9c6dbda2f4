"""Routes of tools."""

from __future__ import annotations

import uuid

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.tool_runtime.dry_run import Trial, TrialView
from trunkline.tools.schemas import ToolList, ToolSpec, ToolView

from ..auth import ApiRequest
from ..bootstrap.agents import tool_dry_run_service, tool_service
from ..crud_routes import CrudResource, Texts, add_crud_routes
from .queries import CursorQuery

_INVALID = {400: "A field is not valid; the message has its path, for example config.actions.0.url."}

group = RouteGroup(not_found="No such tool.")
add_crud_routes(
    group,
    CrudResource(
        name="tools",
        label="Tool",
        key="tool",
        spec=ToolSpec,
        view=ToolView,
        list_view=ToolList,
        created=ToolView,
        service=tool_service,
        listing=Texts("List your tools."),
        creation=Texts(
            "Create a tool: actions that agents can run during a call, and their parameters.",
            "`docs/tools.md` describes the actions and the template syntax.",
            errors={
                409: "A tool of this name exists, you have reached your limit of tools, or the "
                "Idempotency-Key is in use."
            }
            | _INVALID,
            returns="The tool.",
        ),
        reading=Texts("Read a tool."),
        change=Texts(
            "Create a new version with some fields changed.",
            "Calls use the version that was current when they were accepted. The name cannot be changed.",
            errors=_INVALID,
        ),
        deletion=Texts(
            "Delete a tool.",
            "Rejected while a workflow or an agent uses it.",
            errors={409: "A workflow or an agent uses it."},
        ),
        example={"name": "hang_up", "config": {"actions": [{"type": "end_call"}]}},
        example_change={"description": "Ends the call."},
    ),
)


@group.get("/api/v1/tools/{tool}/versions", scope=Scope.TOOLS_READ)
def list_tool_versions(request: ApiRequest, tool: str, query: CursorQuery) -> ToolList:
    """List a tool's versions, newest first.

    A call's timeline names the version that an invocation used.
    """
    return tool_service().versions(request.principal, tool, query.cursor)


@group.post(
    "/api/v1/tools/{tool}/try",
    scope=Scope.TOOLS_WRITE,
    returns="The request, and the response if it was sent.",
    body_required=False,
    example={"params": {}, "send": False},
)
def try_tool(request: ApiRequest, tool: str, body: Trial) -> TrialView:
    """Show the request that a tool would send, with its secrets hidden; with `send`, send it."""
    once = f"try#{request.principal.actor.request_id or uuid.uuid4().hex}"
    return tool_dry_run_service().run(request.principal, tool, body, once)
