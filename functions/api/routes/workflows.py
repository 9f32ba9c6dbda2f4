"""Routes of workflows."""

from __future__ import annotations

from trunkline.http_api.routing import RouteGroup
from trunkline.workflows.schemas import WorkflowList, WorkflowSpec, WorkflowView

from ..bootstrap.agents import workflow_service
from ..crud_routes import CrudResource, Texts, add_crud_routes

group = RouteGroup(not_found="No such workflow.")
add_crud_routes(
    group,
    CrudResource(
        name="workflows",
        label="Workflow",
        key="slug",
        spec=WorkflowSpec,
        view=WorkflowView,
        list_view=WorkflowList,
        created=WorkflowView,
        service=workflow_service,
        listing=Texts("List your workflows."),
        creation=Texts(
            "Create a workflow.",
            errors={409: "A workflow of this slug exists."},
            returns="The workflow.",
        ),
        reading=Texts("Read a workflow."),
        change=Texts(
            "Create a new version with some fields changed.",
            "Calls keep the version they started with. The slug cannot be changed.",
        ),
        deletion=Texts(
            "Delete a workflow.",
            "Rejected while it has calls that have not ended.",
            errors={409: "Some of its calls have not ended."},
        ),
        example={"slug": "daily-checkin", "entry_agent": "Ada"},
    ),
)
