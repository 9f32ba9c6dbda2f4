"""What nearly every service of the API stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline.agents.repository import AgentRepository
from trunkline.calls.repository import CallRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.logging import logger
from trunkline.core.settings import ApiSettings
from trunkline.dial_queue.messages import WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.egress.address_policy import AddressPolicy
from trunkline.livekit.projects import ProjectRegistry
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.tools.repository import ToolRepository
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks

from .outgoing import Outgoing

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

log = logger("api")


@dataclass(frozen=True)
class Base:
    """What nearly everything stands on."""

    settings: ApiSettings
    table: Table
    secrets: SecretsManagerClient
    clock: SystemClock
    cipher: EnvelopeCipher
    calls: CallRepository
    trunks: TrunkRepository
    agents: AgentRepository
    facts: TenantSettingsCache
    projects: ProjectRegistry
    test_trunks: TestTrunks
    wakes: WakeQueue
    notifier: LaneNotifier
    outgoing: Outgoing
    tools: ToolRepository
    compliance: CompliancePolicy
    pepper: str


def open_base() -> Base:
    """The pepper is read once: it never changes."""
    settings, clock = ApiSettings.from_env(), SystemClock()
    table, secrets = (
        Table(aws_clients.client("dynamodb"), settings.table_name),
        aws_clients.client("secretsmanager"),
    )
    trunks = TrunkRepository(table)
    wakes = WakeQueue.open(settings)
    return Base(
        settings=settings,
        table=table,
        secrets=secrets,
        clock=clock,
        cipher=EnvelopeCipher(settings.context_key_arn),
        calls=CallRepository(table),
        trunks=trunks,
        agents=AgentRepository(table),
        facts=TenantSettingsCache(table, clock),
        projects=ProjectRegistry.open(table, settings, clock),
        test_trunks=TestTrunks(trunks),
        wakes=wakes,
        notifier=LaneNotifier(wakes, clock, log, trunks.granted_ids),
        outgoing=Outgoing(AddressPolicy.parse(settings.outgoing_loopback_ports), clock),
        tools=ToolRepository(table),
        compliance=CompliancePolicy(table, clock),
        pepper=secrets.get_secret_value(SecretId=settings.key_pepper_arn)["SecretString"],
    )
