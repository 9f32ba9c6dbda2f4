"""Outbound phone calls of one tenant, on a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import make_queue
from tests.support.builders import TRUNK
from tests.support.clocks import ManualClock
from tests.support.stubs import GUARD, RecordedWakeups, make_notifier
from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.get_call import CallReader
from trunkline.call_control.list_calls import CallLister
from trunkline.call_control.long_polls import LongPolls
from trunkline.call_control.outbound import OutboundCall, OutboundCallService
from trunkline.call_control.quotas import QuotaService
from trunkline.call_control.usage import Usage
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.compliance.service import ComplianceService, Suppressions
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.core.validation import validated
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks

ME = Principal("tenant-1", True, frozenset(Scope))
OTHER = Principal("tenant-2", True, frozenset(Scope))
LONG_POLLS = 4
CALLED_NUMBER = "+14155552671"
NUMBERS = ("+15550109001", "+15550109002", "+15550109003")


class OutboundHarness:
    """One tenant, one agent, one trunk, and the service that accepts its phone calls."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.wakeups = RecordedWakeups()
        self.calls = CallRepository(table)
        self.agents = AgentRepository(table)
        trunks = TrunkRepository(table)
        trunk = replace(TRUNK, numbers=NUMBERS)
        trunks.create(trunk)
        trunks.grant(trunk.id, ME.tenant_id)
        spec = AgentSpec(
            name="Ada", livekit_agent_name="ada", trunk="t", phone_numbers=[NUMBERS[1], NUMBERS[0]]
        )
        self.agent = spec.agent(ME.tenant_id, trunk)
        self.agents.create(self.agent)
        self.configured = True
        self.meanwhile: Callable[[], object] = lambda: None
        self.clock = ManualClock()
        self.queue = make_queue(table, ManualClock())
        self.reader = CallReader(
            self.calls,
            TranscriptRepository(table),
            CallLister(table, GUARD),
            self.queue,
            LongPolls(table, self.clock, LONG_POLLS),
            sleep=self._sleep,
        )
        clock, notifier = self.clock, make_notifier(self.wakeups, ManualClock())
        self.facts = TenantSettingsCache(table, clock)
        admission = QuotaService(
            table, self.facts, Usage(self.calls, DialQueue(table), trunks).waiting, clock
        )
        self.compliance = CompliancePolicy(table, clock)
        intake = CallAdmission(self.calls, self.wakeups, notifier, clock, admission, self.compliance)  # type: ignore[arg-type]
        self.service = OutboundCallService(intake, self.agents, trunks, TestTrunks(trunks), self._check)

    def _sleep(self, seconds: float) -> None:
        """Pass time, and do once what was planned for while the reader waits."""
        self.clock.move_s(seconds)
        planned, self.meanwhile = self.meanwhile, lambda: None
        planned()

    def _check(self, _: str) -> None:
        if not self.configured:
            raise LiveKitNotConfigured

    def place(self, principal: Principal = ME, **changes: Any) -> Call:
        body = {"agentId": self.agent.id, "phoneNumber": CALLED_NUMBER} | changes
        return self.service.create(principal, OutboundCall.model_validate(body), source="api").call

    def save(self, **changes: Any) -> Agent:
        agent = replace(self.agent, **changes)
        self.agents.save(agent)
        return agent

    def rules(self) -> ComplianceService:
        return ComplianceService(self.table, self.compliance, ManualClock())

    def waiting(self) -> int:
        return len(DialQueue(self.table).peek(TRUNK.id, "tenant-1", 9))


@pytest.fixture
def outbound(table: Table) -> OutboundHarness:
    return OutboundHarness(table)


def suppress(outbound: OutboundHarness, *numbers: str, who: Principal = ME, **more: Any) -> None:
    """Put numbers on a tenant's suppression list; by default `CALLED_NUMBER`."""
    listed = {"numbers": list(numbers) or [CALLED_NUMBER]}
    outbound.rules().suppress(who, validated(Suppressions, listed | more))
