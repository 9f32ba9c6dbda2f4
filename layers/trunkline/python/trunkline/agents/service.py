"""Agents on a tenant's behalf: list, make, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import TypedDict

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.calls.calling_policy import NO_REDIAL
from trunkline.calls.calling_policy_schemas import RedialView, WindowView, redial_view, window_view
from trunkline.core.clock import Clock
from trunkline.core.errors import InUse, InvalidRequest, NotFound
from trunkline.core.validation import validated
from trunkline.storage.table import Put
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
class AgentService:
    """A tenant's agents of the key's mode.

    `using(tenant_mode, name)` returns the slug of a workflow that the agent is part of.
    """

    agents: AgentRepository
    trunks: TrunkRepository
    test_trunks: TestTrunks
    tools: ToolRepository
    using: Callable[[str, str], str | None]
    clock: Clock

    def list(self, principal: Principal) -> AgentList:
        """The tenant's agents, by name."""
        found = sorted(self.agents.all(principal.tenant_mode), key=lambda agent: agent.name)
        return {"data": [agent_view(agent) for agent in found], "next_cursor": None}

    def get(self, principal: Principal, agent_id: str) -> AgentView:
        """One agent; `NotFound` if it is not the tenant's."""
        return agent_view(self._own(principal, agent_id))

    def create(self, principal: Principal, spec: AgentSpec) -> AgentView:
        """Make an agent.

        Raises:
            AlreadyExists: the tenant has one of that name.
            InvalidRequest: the trunk is not the tenant's, or a number is not the trunk's.
        """
        agent = self._made(principal, spec)
        self.agents.create(agent, [self._noted(principal, "created", agent)])
        return agent_view(agent)

    def change(self, principal: Principal, agent_id: str, changes: Mapping[str, Any]) -> AgentView:
        """Change some fields; calls that were accepted before keep the agent as it was.

        Raises:
            NotFound: the tenant has no such agent.
            InvalidRequest: a field is wrong, or the name would change.
            VersionConflict: another request was quicker.
        """
        before = self._own(principal, agent_id)
        if changes.get("name", before.name) != before.name:
            raise InvalidRequest("Validation error: name can't be changed", field="name")
        shown: Mapping[str, Any] = agent_view(before)
        values = {name: shown[name] for name in AgentSpec.model_fields}
        if changes.get("trunk", before.trunk_id) != before.trunk_id:
            values["phone_numbers"] = []
        after = self._made(principal, validated(AgentSpec, {**values, **changes}))
        if after == before:
            return agent_view(before)
        after = replace(after, version=before.version + 1)
        changed = changed_fields(agent_view(before), agent_view(after))
        self.agents.replace(before, after, [self._noted(principal, "changed", after, changed)])
        return agent_view(after)

    def delete(self, principal: Principal, agent_id: str) -> None:
        """Delete an agent; calls that were accepted before keep it.

        Raises:
            NotFound: the tenant has no such agent.
            InUse: a workflow names it.
        """
        agent = self._own(principal, agent_id)
        if slug := self.using(principal.tenant_mode, agent.name):
            raise InUse(f"Agent {agent.name} is part of workflow {slug}")
        self.agents.delete(agent, [self._noted(principal, "deleted", agent)])

    def using_tool(self, tenant_mode: str, tool: str) -> str | None:
        """What agent has a tool, if there is one."""
        named = (each.name for each in self.agents.all(tenant_mode) if tool in each.tools)
        return next((f"agent {name}" for name in named), None)

    def _own(self, principal: Principal, agent_id: str) -> Agent:
        agent = self.agents.load(principal.tenant_mode, agent_id.lower())
        if agent is None:
            raise NotFound("Agent not found")
        return agent

    def _made(self, principal: Principal, spec: AgentSpec) -> Agent:
        self.tools.require(principal.tenant_mode, spec.tools)
        trunk = self._trunk(principal, spec.trunk) if spec.trunk else None
        return spec.agent(principal.tenant_mode, trunk)

    def _trunk(self, principal: Principal, name_or_id: str) -> Trunk:
        if not principal.livemode:
            self.test_trunks.of(principal.tenant_id)
        trunk = self.trunks.find(principal.tenant_id, name_or_id, test=not principal.livemode)
        if trunk is None:
            raise InvalidRequest(f"Validation error: there is no trunk {name_or_id}", field="trunk")
        return trunk

    def _noted(self, principal: Principal, what: str, agent: Agent, changed: Sequence[str] = ()) -> Put:
        return audit_write(principal, self.clock.wall_ms(), f"agent.{what}", agent.id, changed)
