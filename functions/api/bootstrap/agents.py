"""Builds the services of agents, workflows, tools and secrets, which refer to each other."""

from __future__ import annotations

import random
import time
from functools import cache

from trunkline.agents.service import AgentService
from trunkline.auth.principal import Principal
from trunkline.call_control.list_calls import CallLister
from trunkline.core.item_guard import ItemGuard
from trunkline.tool_runtime.dry_run import ToolDryRunService
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tools.repository import ToolRepository
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.secret_service import SecretService
from trunkline.tools.service import ToolService
from trunkline.workflows.service import WorkflowService

from .base import agents, cipher, clock, log, table, test_trunks, trunks, workflows
from .egress import egress


@cache
def tools() -> ToolRepository:
    return ToolRepository(table())


@cache
def secrets() -> SecretRepository:
    return SecretRepository(table(), cipher())


@cache
def agent_service() -> AgentService:
    return AgentService(agents(), trunks(), test_trunks(), tools(), workflow_service().using_agent, clock())


@cache
def workflow_service() -> WorkflowService:
    def has_open_calls(principal: Principal, slug: str) -> bool:
        return CallLister(table(), ItemGuard("api", log)).has_open(principal, slug, clock().wall_ms())

    return WorkflowService(workflows(), agents(), tools(), clock(), has_open_calls)


@cache
def tool_service() -> ToolService:
    def user_of(tenant_mode: str, tool: str) -> str | None:
        return workflow_service().using_tool(tenant_mode, tool) or agent_service().using_tool(
            tenant_mode, tool
        )

    return ToolService(tools(), secrets(), egress().check, user_of, clock())


@cache
def secret_service() -> SecretService:
    return SecretService(secrets(), tool_service().using_secret, clock())


@cache
def tool_dry_run_service() -> ToolDryRunService:
    sender = RetryingSender(egress().send, time.sleep, random.SystemRandom().random, clock())
    return ToolDryRunService(tool_service(), secrets(), sender, clock())
