"""Builds the clock, the table and the repositories that several groups of routes share."""

from __future__ import annotations

from functools import cache

from trunkline.agents.repository import AgentRepository
from trunkline.call_control.long_polls import LongPolls
from trunkline.calls.repository import CallRepository
from trunkline.core import aws_clients
from trunkline.core.clock import Clock, SystemClock
from trunkline.core.logging import logger
from trunkline.core.settings import ApiSettings
from trunkline.dial_queue.messages import WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.livekit.projects import ProjectRegistry
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks
from trunkline.workflows.repository import WorkflowRepository

log = logger("api")


@cache
def settings() -> ApiSettings:
    return ApiSettings.from_env()


@cache
def clock() -> Clock:
    return SystemClock()


@cache
def table() -> Table:
    return Table(aws_clients.client("dynamodb"), settings().table_name)


@cache
def cipher() -> EnvelopeCipher:
    return EnvelopeCipher(settings().context_key_arn)


@cache
def calls() -> CallRepository:
    return CallRepository(table())


@cache
def trunks() -> TrunkRepository:
    return TrunkRepository(table())


@cache
def test_trunks() -> TestTrunks:
    return TestTrunks(trunks())


@cache
def agents() -> AgentRepository:
    return AgentRepository(table())


@cache
def workflows() -> WorkflowRepository:
    return WorkflowRepository(table())


@cache
def tenant_settings() -> TenantSettingsCache:
    return TenantSettingsCache(table(), clock())


@cache
def livekit_projects() -> ProjectRegistry:
    return ProjectRegistry.open(table(), settings(), clock())


@cache
def long_polls() -> LongPolls:
    return LongPolls(table(), clock(), int(settings().long_polls))


@cache
def wake_queue() -> WakeQueue:
    return WakeQueue.open(settings())


@cache
def lane_notifier() -> LaneNotifier:
    return LaneNotifier(wake_queue(), clock(), log, trunks().granted_ids)
