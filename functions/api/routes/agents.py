"""Routes of agents."""

from __future__ import annotations

from trunkline.agents.schemas import AgentSpec
from trunkline.agents.service import AgentList, AgentView
from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.agents import agent_service
from ..crud_routes import CrudResource, Texts, add_crud_routes
from .queries import CursorQuery

group = RouteGroup(not_found="No such agent.")
add_crud_routes(
    group,
    CrudResource(
        name="agents",
        label="Agent",
        key="agent_id",
        spec=AgentSpec,
        view=AgentView,
        list_view=AgentList,
        created=AgentView,
        service=agent_service,
        listing=Texts("List your agents."),
        creation=Texts(
            "Create an agent: a LiveKit worker, its trunk and its numbers.",
            errors={409: "An agent of this name exists."},
            returns="The agent.",
        ),
        reading=Texts("Read an agent."),
        change=Texts(
            "Change some fields of an agent.",
            "Calls that were accepted earlier keep the agent as it was. The name cannot be changed.",
        ),
        deletion=Texts(
            "Delete an agent.",
            "Rejected while a workflow refers to it.",
            errors={409: "A workflow uses it."},
        ),
        example={"name": "Ada", "livekit_agent_name": "ada"},
        example_change={"ring_timeout_s": 30},
    ),
)


@group.get("/api/v1/agents/{agent_id}/versions", scope=Scope.AGENTS_READ)
def list_agent_versions(request: ApiRequest, agent_id: str, query: CursorQuery) -> AgentList:
    """List an agent's last 100 versions, newest first.

    Versions are kept since the release that brought this list.
    """
    return agent_service().versions(request.principal, agent_id, query.cursor)
