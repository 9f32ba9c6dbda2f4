"""The kinds of things that tenants keep, each with the five routes of `crud`."""

from __future__ import annotations

from trunkline.schedules.specs import ScheduleSpec
from trunkline.tenants.key_specs import KeySpec
from trunkline.tenants.keys import Scope
from trunkline.tenants.specs import AgentSpec
from trunkline.tools.secret_desk import SecretSpec
from trunkline.tools.specs import ToolSpec
from trunkline.triggers.specs import TriggerSpec
from trunkline.webhooks.specs import WebhookSpec
from trunkline.workflows.specs import WorkflowSpec

from .crud import crud_routes
from .services import services

routers = [
    crud_routes(
        "agents", AgentSpec, lambda: services().agents, read=Scope.AGENTS_READ, write=Scope.AGENTS_WRITE
    ),
    crud_routes(
        "workflows",
        WorkflowSpec,
        lambda: services().workflows,
        read=Scope.WORKFLOWS_READ,
        write=Scope.WORKFLOWS_WRITE,
    ),
    crud_routes("tools", ToolSpec, lambda: services().tools, read=Scope.TOOLS_READ, write=Scope.TOOLS_WRITE),
    crud_routes(
        "secrets", SecretSpec, lambda: services().secrets, read=Scope.SECRETS_READ, write=Scope.SECRETS_WRITE
    ),
    crud_routes(
        "triggers",
        TriggerSpec,
        lambda: services().triggers,
        read=Scope.TRIGGERS_READ,
        write=Scope.TRIGGERS_WRITE,
    ),
    crud_routes(
        "schedules",
        ScheduleSpec,
        lambda: services().schedules,
        read=Scope.SCHEDULES_READ,
        write=Scope.SCHEDULES_WRITE,
    ),
    crud_routes(
        "webhooks",
        WebhookSpec,
        lambda: services().webhooks,
        read=Scope.WEBHOOKS_READ,
        write=Scope.WEBHOOKS_WRITE,
    ),
    crud_routes(
        "api-keys",
        KeySpec,
        lambda: services().api_keys,
        read=Scope.API_KEYS_READ,
        write=Scope.API_KEYS_WRITE,
    ),
]
