"""Workflows on a tenant's behalf: list, make, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.agents.models import agent_id_for
from trunkline.agents.repository import AgentRepository
from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.calls.value_objects import Channel
from trunkline.core.clock import Clock
from trunkline.core.errors import AlreadyExists, InUse, InvalidRequest, NotFound
from trunkline.core.validation import spec_values, validated
from trunkline.tools.repository import ToolRepository
from trunkline.workflows.models import Workflow
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowList, WorkflowSpec, WorkflowView, workflow_view

MAX_WORKFLOWS = 1000


@dataclass(frozen=True)
class WorkflowService:
    """Keeps a tenant's workflows, those of the key's mode. `has_open_calls(principal, slug)` says whether
    calls of one go on."""

    workflows: WorkflowRepository
    agents: AgentRepository
    tools: ToolRepository
    clock: Clock
    has_open_calls: Callable[[Principal, str], bool]

    def list(self, principal: Principal) -> WorkflowList:
        """The tenant's workflows, by slug."""
        return {
            "data": [workflow_view(each) for each in self.workflows.all(principal.tenant_mode)],
            "next_cursor": None,
        }

    def get(self, principal: Principal, slug: str) -> WorkflowView:
        """One workflow; `NotFound` if the tenant has none of that slug."""
        return workflow_view(self._own(principal, slug))

    def create(self, principal: Principal, spec: WorkflowSpec) -> WorkflowView:
        """Make a workflow.

        Raises:
            AlreadyExists: the tenant has one of that slug.
            InvalidRequest: it names an agent or a tool that the tenant has not, or an agent that can't do its
                part.
        """
        before = self.workflows.last(principal.tenant_mode, spec.slug)
        if before and not before.deleted:
            raise AlreadyExists(f"Workflow {spec.slug} already exists")
        if before is None and len(self.workflows.all(principal.tenant_mode)) >= MAX_WORKFLOWS:
            raise InvalidRequest(f"A tenant may have {MAX_WORKFLOWS} workflows")
        return self._save(principal, spec, before, "created")

    def change(self, principal: Principal, slug: str, changes: Mapping[str, Any]) -> WorkflowView:
        """Make a new version with some fields changed; calls that go on keep theirs.

        Raises:
            NotFound: the tenant has none of that slug.
            InvalidRequest: a field is wrong, or the slug would change.
            VersionConflict: another request was quicker.
        """
        before = self._own(principal, slug)
        if changes.get("slug", slug) != slug:
            raise InvalidRequest("Validation error: slug can't be changed", field="slug")
        spec = validated(WorkflowSpec, {**spec_values(WorkflowSpec, workflow_view(before)), **changes})
        if spec.workflow(principal.tenant_mode, before.updated_at_ms, before) == replace(
            before, version=before.version + 1
        ):
            return workflow_view(before)
        return self._save(principal, spec, before, "changed")

    def delete(self, principal: Principal, slug: str) -> None:
        """Delete a workflow.

        Raises:
            NotFound: the tenant has none of that slug.
            InUse: calls of it go on.
        """
        before = self._own(principal, slug)
        if self.has_open_calls(principal, slug):
            raise InUse(f"Workflow {slug} has calls that have not ended")
        now_ms = self.clock.wall_ms()
        gone = replace(before, version=before.version + 1, updated_at_ms=now_ms, deleted=True)
        self.workflows.save(gone, [audit_write(principal, now_ms, "workflow.deleted", slug)])

    def using_agent(self, tenant_id: str, agent_name: str) -> str | None:
        """The slug of a workflow in which an agent may talk, if there is one."""
        for workflow in self.workflows.all(tenant_id):
            if agent_name in workflow.all_agents:
                return workflow.slug
        return None

    def using_tool(self, tenant_id: str, tool: str) -> str | None:
        """What workflow has a tool, if there is one."""
        named = (each.slug for each in self.workflows.all(tenant_id) if tool in each.tools)
        return next((f"workflow {slug}" for slug in named), None)

    def _own(self, principal: Principal, slug: str) -> Workflow:
        found = self.workflows.load(principal.tenant_mode, slug)
        if found is None:
            raise NotFound("Workflow not found")
        return found

    def _save(
        self, principal: Principal, spec: WorkflowSpec, before: Workflow | None, what: str
    ) -> WorkflowView:
        now_ms = self.clock.wall_ms()
        made = spec.workflow(principal.tenant_mode, now_ms, before)
        self._check_agents(principal, made)
        self.tools.require(made.tenant_id, made.tools)
        changed = (
            changed_fields(workflow_view(before), workflow_view(made)) if before and what == "changed" else []
        )
        self.workflows.save(made, [audit_write(principal, now_ms, f"workflow.{what}", spec.slug, changed)])
        return workflow_view(made)

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
