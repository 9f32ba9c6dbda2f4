"""Outbound phone calls of one tenant, on a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import make_queue
from tests.support.builders import TRUNK
from tests.support.clocks import ManualClock
from tests.support.stubs import RecordedWakeups, make_notifier
from trunkline.calls.intake import Intake
from trunkline.calls.listing import CallLister
from trunkline.calls.model import Call
from trunkline.calls.place import CallDesk, OutboundCall
from trunkline.calls.read import CallReader
from trunkline.calls.store import CallStore
from trunkline.calls.transcripts import TranscriptStore
from trunkline.dialing.line import Line
from trunkline.dialing.practice import PracticeTrunks
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.errors import LiveKitNotConfigured
from trunkline.rules.desk import RulesDesk
from trunkline.rules.rulebook import Rulebook
from trunkline.table import Table
from trunkline.tenants.agents import Agent, AgentStore
from trunkline.tenants.facts import TenantFacts
from trunkline.tenants.keys import Principal, Scope
from trunkline.tenants.limits import Admission
from trunkline.tenants.specs import AgentSpec
from trunkline.tenants.usage import Usage

ME = Principal("tenant-1", True, frozenset(Scope))
OTHER = Principal("tenant-2", True, frozenset(Scope))
NUMBERS = ("+15550109001", "+15550109002", "+15550109003")


class OutboundHarness:
    """One tenant, one agent, one trunk, and the service that accepts its phone calls."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.wakeups = RecordedWakeups()
        self.calls = CallStore(table)
        self.agents = AgentStore(table)
        trunks = TrunkStore(table)
        trunk = replace(TRUNK, numbers=NUMBERS)
        trunks.create(trunk)
        trunks.grant(trunk.id, ME.tenant_id)
        spec = AgentSpec(
            name="Ada", livekit_agent_name="ada", trunk="t", phone_numbers=[NUMBERS[1], NUMBERS[0]]
        )
        self.agent = spec.agent(ME.tenant_id, trunk)
        self.agents.create(self.agent)
        self.configured = True
        self.queue = make_queue(table, ManualClock())
        self.reader = CallReader(self.calls, TranscriptStore(table), CallLister(table), self.queue)
        clock, nudge = ManualClock(), make_notifier(self.wakeups, ManualClock())
        self.facts = TenantFacts(table, clock)
        admission = Admission(table, self.facts, Usage(self.calls, Line(table), trunks).waiting, clock)
        self.rulebook = Rulebook(table, clock)
        intake = Intake(self.calls, self.wakeups, nudge, clock, admission, self.rulebook)  # type: ignore[arg-type]
        self.service = CallDesk(intake, self.agents, trunks, PracticeTrunks(trunks), self._check)

    def _check(self, _: str) -> None:
        if not self.configured:
            raise LiveKitNotConfigured

    def place(self, principal: Principal = ME, **changes: Any) -> Call:
        body = {"agentId": self.agent.id, "phoneNumber": "+14155552671"} | changes
        return self.service.place(principal, OutboundCall.model_validate(body), source="api").call

    def save(self, **changes: Any) -> Agent:
        agent = replace(self.agent, **changes)
        self.agents.save(agent)
        return agent

    def rules(self) -> RulesDesk:
        return RulesDesk(self.table, self.rulebook, ManualClock())

    def waiting(self) -> int:
        return len(Line(self.table).head(TRUNK.id, "tenant-1", 9))


@pytest.fixture
def outbound(table: Table) -> OutboundHarness:
    return OutboundHarness(table)
