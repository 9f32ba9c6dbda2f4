"""Workflows in the table."""

from __future__ import annotations

from trunkline.auth.principal import Principal
from trunkline.storage.keys.resources import workflow_key, workflow_version_key
from trunkline.storage.table import Table
from trunkline.storage.versioned import ResourceType, VersionedRepository
from trunkline.workflows.models import Workflow, workflow_from_attributes

_WORKFLOWS = ResourceType[Workflow](
    "Workflow", workflow_key, workflow_version_key, workflow_from_attributes, lambda workflow: workflow.slug
)


class WorkflowRepository(VersionedRepository[Workflow]):
    """A tenant's workflows."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _WORKFLOWS)

    def usable(self, principal: Principal, slug: str) -> Workflow | None:
        """Read a workflow that a principal may use: of its mode, or for a test key also a live one."""
        found = self.load(principal.tenant_mode, slug)
        return found or (None if principal.livemode else self.load(principal.tenant_id, slug))
