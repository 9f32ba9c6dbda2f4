"""Use cases of agents: what is special about them among a tenant's resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import TypedDict

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import ResourceService
from trunkline.calls.calling_policy import NO_REDIAL
from trunkline.calls.calling_policy_schemas import RedialView, WindowView, redial_view, window_view
from trunkline.core.clock import Clock
from trunkline.core.errors import InUse, InvalidRequest
from trunkline.storage.versioned import VERSIONS_IN_PAGE, version_of, versions_cursor
from trunkline.tools.repository import ToolRepository
from trunkline.trunks.models import Trunk
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks


class AgentView(TypedDict):
    """An agent; times are in seconds."""

    id: str
    version: int
    name: str
    type: str
    status: str
    livekit_agent_name: str
    trunk: str | None
    phone_numbers: list[str]
    wait_for_agent: bool
    agent_join_timeout_s: int
    ring_timeout_s: int
    max_call_duration_s: int
    agent_lost: str
    redial: RedialView | None
    calling_window: WindowView | None
    tools: list[str]


class AgentList(TypedDict):
    data: list[AgentView]
    next_cursor: str | None


def agent_view(agent: Agent) -> AgentView:
    """Show an agent; `trunk` is the trunk's id."""
    return {
        "id": agent.id,
        "version": agent.version,
        "name": agent.name,
        "type": agent.type,
        "status": agent.status,
        "livekit_agent_name": agent.livekit_agent_name,
        "trunk": agent.trunk_id,
        "phone_numbers": list(agent.phone_numbers),
        "wait_for_agent": agent.wait_for_agent,
        "agent_join_timeout_s": agent.agent_join_timeout_s,
        "ring_timeout_s": agent.ring_timeout_s,
        "max_call_duration_s": agent.max_call_duration_s,
        "agent_lost": agent.agent_lost.value,
        "redial": redial_view(None if agent.redial == NO_REDIAL else agent.redial),
        "calling_window": window_view(agent.window),
        "tools": list(agent.tools),
    }


@dataclass(frozen=True)
class AgentService(ResourceService[Agent, AgentSpec, AgentView]):
    """A tenant's agents of the key's mode; calls that were accepted before a change keep the agent as it was.

    `using(tenant_mode, name)` returns the slug of a workflow that the agent is part of.
    """

    label = "Agent"
    fixed_fields = ("name",)
    schema = AgentSpec

    repository: AgentRepository
    trunks: TrunkRepository
    test_trunks: TestTrunks
    tools: ToolRepository
    using: Callable[[str, str], str | None]
    clock: Clock

    def versions(self, principal: Principal, agent_id: str, cursor: str | None) -> AgentList:
        """List an agent's versions, newest first; raises `NotFound` if it is not the tenant's."""
        agent = self.require(principal, agent_id)
        before = version_of(cursor) if cursor else agent.version + 1
        found = self.repository.versions(agent, before, VERSIONS_IN_PAGE)
        return {"data": [agent_view(each) for each in found], "next_cursor": versions_cursor(found)}

    def using_tool(self, tenant_mode: str, tool: str) -> str | None:
        """Name an agent that has a tool, if there is one."""
        agents = self.repository.all(tenant_mode)
        return next((f"agent {agent.name}" for agent in agents if tool in agent.tools), None)

    def _view(self, resource: Agent) -> AgentView:
        return agent_view(resource)

    def _load(self, principal: Principal, name: str) -> Agent | None:
        return super()._load(principal, name.lower())

    def _merge(self, before: Agent, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Drop the phone numbers with the trunk that they belong to."""
        if changes.get("trunk", before.trunk_id) != before.trunk_id:
            changes = {"phone_numbers": [], **changes}
        return super()._merge(before, changes)

    def _build(self, principal: Principal, spec: AgentSpec, before: Agent | None) -> Agent:
        self.tools.require(principal.tenant_mode, spec.tools)
        trunk = self._trunk(principal, spec.trunk) if spec.trunk else None
        return replace(spec.agent(principal.tenant_mode, trunk), version=before.version if before else 1)

    def _trunk(self, principal: Principal, name_or_id: str) -> Trunk:
        if not principal.livemode:
            self.test_trunks.get_or_create(principal.tenant_id)
        trunk = self.trunks.find(principal.tenant_id, name_or_id, test=not principal.livemode)
        if trunk is None:
            raise InvalidRequest(f"Validation error: there is no trunk {name_or_id}", field="trunk")
        return trunk

    def _require_unused(self, principal: Principal, resource: Agent) -> None:
        if slug := self.using(principal.tenant_mode, resource.name):
            raise InUse(f"Agent {resource.name} is part of workflow {slug}")
