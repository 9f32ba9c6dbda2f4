"""Workflows in the table: the current one, and every version that a call may still hold."""

from __future__ import annotations

from collections.abc import Sequence

from boto3.dynamodb.conditions import Attr

from trunkline.errors import AlreadyExists, ChangedMeanwhile
from trunkline.item_keys import workflow_key, workflow_version_key
from trunkline.table import ABSENT, ConditionFailed, Put, Table, Write
from trunkline.tenants.keys import Principal
from trunkline.workflows.model import Workflow, workflow_from_attributes


class WorkflowStore:
    """A tenant's workflows; every read starts from the tenant's key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, tenant_id: str, slug: str) -> Workflow | None:
        """Read the current version."""
        found = self.last(tenant_id, slug)
        return None if found is None or found.deleted else found

    def usable(self, principal: Principal, slug: str) -> Workflow | None:
        """A workflow that a principal may call by: its mode's own; a test key may also use a live one."""
        found = self.load(principal.space, slug)
        return found or (None if principal.livemode else self.load(principal.tenant_id, slug))

    def last(self, tenant_id: str, slug: str) -> Workflow | None:
        """Read the last version, though it be deleted: a new one goes on counting from there."""
        item = self._table.get(workflow_key(tenant_id, slug))
        return workflow_from_attributes(item) if item else None

    def version(self, tenant_id: str, slug: str, version: int) -> Workflow | None:
        """Read the version that a call started with."""
        item = self._table.get(workflow_version_key(tenant_id, slug, version))
        return workflow_from_attributes(item) if item else None

    def all(self, tenant_id: str) -> list[Workflow]:
        """Read a tenant's workflows, by slug."""
        found = [workflow_from_attributes(item) for item in self._table.partition(workflow_key(tenant_id))]
        return [workflow for workflow in found if not workflow.deleted]

    def save(self, workflow: Workflow, more: Sequence[Write] = ()) -> None:
        """Store the version after the last one; the first one where there is none.

        Raises:
            AlreadyExists: there is a first version already.
            ChangedMeanwhile: another request stored this version.
        """
        key = workflow_key(workflow.tenant_id, workflow.slug)
        first = workflow.version == 1
        unchanged = ABSENT if first else Attr("version").eq(workflow.version - 1)
        values = workflow.as_attributes()
        kept = workflow_version_key(workflow.tenant_id, workflow.slug, workflow.version)
        try:
            self._table.transact(
                [Put(key.as_item() | values, unchanged), Put(kept.as_item() | values, ABSENT), *more]
            )
        except ConditionFailed as error:
            if first:
                raise AlreadyExists(f"Workflow {workflow.slug} already exists") from error
            raise ChangedMeanwhile from error
