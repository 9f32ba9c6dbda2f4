"""Routes of workflows."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.workflows.schemas import WorkflowList, WorkflowSpec, WorkflowView

from ..auth import ApiRequest
from ..bootstrap.agents import workflow_service
from ..crud_routes import CrudResource, Texts, add_crud_routes
from .queries import CursorQuery

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
        example_change={"priority": 3},
    ),
)


@group.get("/api/v1/workflows/{slug}/versions", scope=Scope.WORKFLOWS_READ)
def list_workflow_versions(request: ApiRequest, slug: str, query: CursorQuery) -> WorkflowList:
    """List a workflow's versions, newest first.

    A call names the version that it uses in `workflow_version`.
    """
    return workflow_service().versions(request.principal, slug, query.cursor)
