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
from trunkline.trunks.models import Trunk
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


@dataclass(frozen=True)
class ApplyOptions:
    """What a declaration may do only on purpose, and whether it is only tried."""

    create_tenant: bool = False
    change_shared_trunks: bool = False
    dry_run: bool = False


def apply_declaration(
    operator: Operator, declared: Mapping[str, Any], options: ApplyOptions = ApplyOptions()
) -> list[ApplyResult]:
    """Create or update what a declaration names, and return each result; applying it twice changes nothing.

    It is done on a plan first, so that all is checked before anything is written.

    Raises:
        InvalidRequest: the declaration is invalid, or changes a trunk of other tenants; the message names
            the field.
        NotFound: there is no such tenant, or an agent names a trunk or tool that does not exist.
    """
    planned = list(_apply(operator.planned(), declared, options))
    return planned if options.dry_run else list(_apply(operator, declared, options))


def _apply(operator: Operator, declared: Mapping[str, Any], options: ApplyOptions) -> Iterator[ApplyResult]:
    if unknown := sorted(map(str, set(declared) - _KEYS)):
        raise InvalidRequest(
            f"unknown key {unknown[0]}: the keys are tenant, trunks, tools, agents and workflows"
        )
    if not isinstance(declared.get("tenant"), str):
        raise InvalidRequest("tenant: the tenant's name is missing")
    for key in sorted(_KEYS - {"tenant"}):
        if not isinstance(declared.get(key) or [], list):
            raise InvalidRequest(f"{key}: must be a list", field=key)
    trunks = [validated(TrunkSpec, entry) for entry in declared.get("trunks") or []]
    tools = [validated(ToolSpec, entry) for entry in declared.get("tools") or []]
    agents = [validated(AgentSpec, entry) for entry in declared.get("agents") or []]
    workflows = [validated(WorkflowSpec, entry) for entry in declared.get("workflows") or []]
    tenant_id = operator.tenants.find(declared["tenant"])
    if tenant_id is None:
        if not options.create_tenant:
            raise NotFound(f"tenant {declared['tenant']} not found; --create-tenant creates it")
        tenant_id = operator.tenants.create(declared["tenant"])
        yield ApplyResult("tenant", declared["tenant"], tenant_id, "created")
    applier = _Applier(operator, tenant_id, options.change_shared_trunks)
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
    change_shared_trunks: bool

    def apply_trunk(self, spec: TrunkSpec) -> ApplyResult:
        """Create, change or grant a trunk.

        Raises:
            InvalidRequest: other tenants use the trunk, and it is not to be changed for them.
        """
        trunks = self.operator.trunks
        trunk = self.operator.build_trunk(spec, self.tenant_id)
        before = trunks.load(trunk.id)
        change, grantees = _describe_change(before, trunk), trunks.grantees(trunk.id)
        if before != trunk:
            self._require_own(trunk, grantees, change)
            now_ms, changed = SystemClock().wall_ms(), _changed_fields(before, trunk)
            principals = map(self.operator.principal, grantees)
            entries = [audit_write(each, now_ms, "trunk.changed", trunk.id, changed) for each in principals]
            trunks.save(trunk, entries)
        if self.tenant_id not in grantees:
            self.operator.grant_trunk(trunk.id, self.tenant_id)
            change = "granted" if change == _UNCHANGED else change
        return ApplyResult("trunk", trunk.name, trunk.id, change)

    def _require_own(self, trunk: Trunk, grantees: list[str], change: str) -> None:
        others = sorted({tenant_id for tenant_id in grantees if tenant_id != self.tenant_id})
        if others and not self.change_shared_trunks:
            raise InvalidRequest(
                f"trunk {trunk.name} ({trunk.id}) is used by other tenants ({', '.join(others)}), and would "
                f"be {change}; --change-shared-trunks changes it for all of them",
                field="trunks",
            )

    def apply_agent(self, spec: AgentSpec) -> ApplyResult:
        agents = self.operator.agents
        agent = self.operator.build_agent(self.tenant_id, spec)
        before = agents.load(self.tenant_id, agent.id)
        if before != agent:
            action = "agent.changed" if before else "agent.created"
            principal = self.operator.principal(self.tenant_id)
            audit_entry = audit_write(
                principal, SystemClock().wall_ms(), action, agent.id, _changed_fields(before, agent)
            )
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
    changed = _changed_fields(before, after)
    return f"changed: {', '.join(changed)}" if changed else _UNCHANGED


def _changed_fields(before: object | None, after: object) -> list[str]:
    """Return the names of the fields that differ; of a new resource, none."""
    if before is None:
        return []
    return [name for name, value in vars(after).items() if name != "version" and vars(before)[name] != value]
