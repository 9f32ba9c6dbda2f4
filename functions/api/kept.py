"""The kinds of things that tenants keep, each with the five routes of `crud`."""

from __future__ import annotations

from trunkline.agents.schemas import AgentSpec
from trunkline.auth.api_key_schemas import KeySpec
from trunkline.schedules.schemas import ScheduleSpec
from trunkline.tools.schemas import ToolSpec
from trunkline.tools.secret_service import SecretSpec
from trunkline.triggers.schemas import TriggerSpec
from trunkline.webhooks.schemas import WebhookSpec
from trunkline.workflows.schemas import WorkflowSpec

from .crud import crud_routes
from .services import services

routers = [
    crud_routes("agents", AgentSpec, lambda: services().agents),
    crud_routes("workflows", WorkflowSpec, lambda: services().workflows),
    crud_routes("tools", ToolSpec, lambda: services().tools),
    crud_routes("secrets", SecretSpec, lambda: services().secrets),
    crud_routes("triggers", TriggerSpec, lambda: services().triggers),
    crud_routes("schedules", ScheduleSpec, lambda: services().schedules),
    crud_routes("webhooks", WebhookSpec, lambda: services().webhooks),
    crud_routes("api-keys", KeySpec, lambda: services().api_keys),
]
