"""The declaration of a tenant in a YAML file, and the changes that bring a deployment to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.agents.schemas import AgentSpec
from trunkline.auth.audit_log import audit_write
from trunkline.core.clock import SystemClock
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.validation import validated
from trunkline.tools.schemas import ToolSpec
from trunkline.tools.service import ToolService
from trunkline.trunks.schemas import TrunkSpec
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.service import WorkflowService
from trunkline_cli.operator import Operator

_UNCHANGED = "unchanged"
_KEYS = {"tenant", "trunks", "tools", "agents", "workflows"}


@dataclass(frozen=True)
class ApplyResult:
    """One declared resource and its change: `created`, `changed: field, …`, `version 2` or `unchanged`."""

    kind: str
    name: str
    id: str
    change: str


def apply_declaration(operator: Operator, declared: Mapping[str, Any]) -> Iterator[ApplyResult]:
    """Create or update what a declaration names, and yield each result; applying it twice changes nothing.

    The whole declaration is validated before anything is written.

    Raises:
        InvalidRequest: the declaration is invalid; the message names the field.
        NotFound: an agent names a trunk or tool that does not exist.
    """
    if unknown := set(declared) - _KEYS:
        raise InvalidRequest(
            f"unknown key {sorted(unknown)[0]}: the keys are tenant, trunks, tools, agents and workflows"
        )
    if not isinstance(declared.get("tenant"), str):
        raise InvalidRequest("tenant: the tenant's name is missing")
    trunks = [validated(TrunkSpec, entry) for entry in declared.get("trunks") or []]
    tools = [validated(ToolSpec, entry) for entry in declared.get("tools") or []]
    agents = [validated(AgentSpec, entry) for entry in declared.get("agents") or []]
    workflows = [validated(WorkflowSpec, entry) for entry in declared.get("workflows") or []]
    tenant_id = operator.tenants.find(declared["tenant"])
    if tenant_id is None:
        tenant_id = operator.tenants.create(declared["tenant"])
        yield ApplyResult("tenant", declared["tenant"], tenant_id, "created")
    applier = _Applier(operator, tenant_id)
    yield from map(applier.apply_trunk, trunks)
    yield from (applier.apply_versioned("tool", operator.tools, tool.name, tool) for tool in tools)
    yield from map(applier.apply_agent, agents)
    for workflow in workflows:
        yield applier.apply_versioned("workflow", operator.workflows, workflow.slug, workflow)


@dataclass(frozen=True)
class _Applier:
    """Creates or updates the resources of one tenant."""

    operator: Operator
    tenant_id: str

    def apply_trunk(self, spec: TrunkSpec) -> ApplyResult:
        trunks = self.operator.trunks
        trunk = self.operator.build_trunk(spec, self.tenant_id)
        before = trunks.load(trunk.id)
        is_granted = trunks.granted(self.tenant_id, trunk.id) is not None
        change = _describe_change(before, trunk)
        if before != trunk:
            trunks.save(trunk)
        if not is_granted:
            self.operator.grant_trunk(trunk.id, self.tenant_id)
            change = "granted" if change == _UNCHANGED else change
        return ApplyResult("trunk", trunk.name, trunk.id, change)

    def apply_agent(self, spec: AgentSpec) -> ApplyResult:
        agents = self.operator.agents
        agent = self.operator.build_agent(self.tenant_id, spec)
        before = agents.load(self.tenant_id, agent.id)
        if before != agent:
            action = "agent.changed" if before else "agent.created"
            principal = self.operator.principal(self.tenant_id)
            audit_entry = audit_write(principal, SystemClock().wall_ms(), action, agent.id)
            agents.save(replace(agent, version=before.version + 1 if before else 1), [audit_entry])
        return ApplyResult("agent", agent.name, agent.id, _describe_change(before, agent))

    def apply_versioned(
        self, kind: str, service: WorkflowService | ToolService, name: str, spec: Any
    ) -> ApplyResult:
        """Create a tool or workflow, or its next version."""
        principal = self.operator.principal(self.tenant_id)
        try:
            before = service.get(principal, name)["version"]
        except NotFound:
            service.create(principal, spec)
            return ApplyResult(kind, name, name, "created")
        after = service.change(principal, name, spec.model_dump(mode="json"))["version"]
        return ApplyResult(kind, name, name, _UNCHANGED if after == before else f"version {after}")


def _describe_change(before: object | None, after: object) -> str:
    """Name the fields that differ; `version` is bookkeeping and does not count."""
    if before is None:
        return "created"
    changed = [
        name for name, value in vars(after).items() if name != "version" and vars(before)[name] != value
    ]
    return f"changed: {', '.join(changed)}" if changed else _UNCHANGED
