"""Workflows in the table."""

from __future__ import annotations

from trunkline.item_keys import workflow_key, workflow_version_key
from trunkline.table import Table
from trunkline.tenants.keys import Principal
from trunkline.versions import Kind, VersionStore
from trunkline.workflows.model import Workflow, workflow_from_attributes

_WORKFLOWS = Kind[Workflow](
    "Workflow", workflow_key, workflow_version_key, workflow_from_attributes, lambda workflow: workflow.slug
)


class WorkflowStore(VersionStore[Workflow]):
    """A tenant's workflows."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _WORKFLOWS)

    def usable(self, principal: Principal, slug: str) -> Workflow | None:
        """A workflow that a principal may call by: its mode's own; a test key may also use a live one."""
        found = self.load(principal.space, slug)
        return found or (None if principal.livemode else self.load(principal.tenant_id, slug))
