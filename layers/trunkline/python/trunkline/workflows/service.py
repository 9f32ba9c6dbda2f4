"""Use cases of workflows: what is special about them among a tenant's resources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.agents.models import agent_id_for
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import VersionedResourceService
from trunkline.calls.value_objects import Channel
from trunkline.core.clock import Clock
from trunkline.core.errors import InUse, InvalidRequest
from trunkline.storage.versioned import LATEST, VERSIONS_IN_PAGE, version_of, versions_cursor
from trunkline.tools.repository import ToolRepository
from trunkline.workflows.models import Workflow
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowList, WorkflowSpec, WorkflowView, workflow_view

MAX_WORKFLOWS = 1000


@dataclass(frozen=True)
class WorkflowService(VersionedResourceService[Workflow, WorkflowSpec, WorkflowView]):
    """A tenant's workflows of the key's mode; a call keeps the version it started with.

    `has_open_calls(principal, slug)` says whether calls of a workflow have not ended.
    """

    label = "Workflow"
    id_field = "slug"
    sort_field = "slug"
    fixed_fields = ("slug",)
    max_count = MAX_WORKFLOWS
    limit_error = InvalidRequest
    schema = WorkflowSpec

    repository: WorkflowRepository
    agents: AgentRepository
    tools: ToolRepository
    clock: Clock
    has_open_calls: Callable[[Principal, str], bool]

    def versions(self, principal: Principal, slug: str, cursor: str | None) -> WorkflowList:
        """List a workflow's versions, newest first; raises `NotFound` if it is not the tenant's."""
        self.require(principal, slug)
        before = version_of(cursor) if cursor else LATEST
        found = self.repository.versions(principal.tenant_mode, slug, before, VERSIONS_IN_PAGE)
        shown = [workflow_view(workflow) for workflow in found if not workflow.deleted]
        return {"data": shown, "next_cursor": versions_cursor(found)}

    def using_agent(self, tenant_mode: str, agent_name: str) -> str | None:
        """Return the slug of a workflow that an agent is part of, if there is one."""
        workflows = self.repository.all(tenant_mode)
        return next((workflow.slug for workflow in workflows if agent_name in workflow.all_agents), None)

    def using_tool(self, tenant_mode: str, tool: str) -> str | None:
        """Name a workflow that has a tool, if there is one."""
        workflows = self.repository.all(tenant_mode)
        return next((f"workflow {workflow.slug}" for workflow in workflows if tool in workflow.tools), None)

    def _view(self, resource: Workflow) -> WorkflowView:
        return workflow_view(resource)

    def _build(self, principal: Principal, spec: WorkflowSpec, before: Workflow | None) -> Workflow:
        return spec.workflow(principal.tenant_mode, self.clock.wall_ms(), before)

    def _check(self, principal: Principal, resource: Workflow) -> None:
        self._check_agents(principal, resource)
        self.tools.require(resource.tenant_id, resource.tools)

    def _check_agents(self, principal: Principal, workflow: Workflow) -> None:
        for name in workflow.all_agents:
            agent = self.agents.load(workflow.tenant_id, agent_id_for(workflow.tenant_id, name))
            field = "entry_agent" if name == workflow.entry_agent else "agents"
            if agent is None:
                raise InvalidRequest(f"Validation error: there is no agent {name}", field=field)
            if agent.type != "voice":
                raise InvalidRequest(f"Validation error: agent {name} is not a voice agent", field=field)
            phones = field == "entry_agent" and workflow.channel is Channel.PHONE
            # In test mode a call goes over the test trunk, whatever the agent has.
            if phones and principal.livemode and not agent.phone_numbers:
                text = f"Validation error: agent {name} has no trunk and phone number to call from"
                raise InvalidRequest(text, field=field)

    def _require_unused(self, principal: Principal, resource: Workflow) -> None:
        if self.has_open_calls(principal, resource.slug):
            raise InUse(f"Workflow {resource.slug} has calls that have not ended")
