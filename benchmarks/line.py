"""A trunk of its own with a line of waiting calls, and what the carrier saw of it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from livekit.api import LiveKitAPI
from livekit.protocol.sip import CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo

from local.deployment import client
from local.observe import busiest_second
from local.stack import Stack
from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.outbound import OutboundCall, OutboundCallService
from trunkline.call_control.quotas import QuotaService
from trunkline.calls.repository import CallRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.clock import SystemClock
from trunkline.core.logging import logger
from trunkline.dial_queue.messages import DialWakeup, WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.models import Trunk
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.schemas import TrunkSpec
from trunkline.trunks.test_trunk import TestTrunks

NUMBERS = ["+15550109001"]
BUSY = "+15550100002"
CONTENDING = 3


@dataclass(frozen=True)
class Paced:
    """What the carrier saw of one trunk."""

    times_s: list[float]

    def busiest_second(self) -> int:
        return busiest_second(self.times_s)

    def efficiency(self, cps: float) -> float:
        return (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0]) / cps


class _NoWakes(WakeQueue):
    """Keeps the line still until it is full."""

    def __init__(self) -> None:
        """There is no queue behind it."""

    def send(self, wake: DialWakeup, delay_s: int = 0) -> None:
        """Wake nobody."""


class Line:
    """A trunk of its own with a line of waiting calls, put in without the API, so that it is full at once."""

    def __init__(self, stack: Stack, cps: float, *, ring_timeout_s: int = 45) -> None:
        self._stack = stack
        self.tenant_name = f"bench-{uuid.uuid4()}"
        table = Table(client(stack.config, "dynamodb"), stack.outputs.values["TableName"])
        self.calls = CallRepository(table)
        self.trunk, self._agent = self._made(stack, cps, ring_timeout_s)
        self._principal = Principal(self._agent.tenant_id, livemode=True, scopes=frozenset(Scope))
        nudge = LaneNotifier(_NoWakes(), SystemClock(), logger("bench"))
        admission = QuotaService(
            table, TenantSettingsCache(table, SystemClock()), lambda *_, **__: 0, SystemClock()
        )
        rulebook = CompliancePolicy(table, SystemClock())
        intake = CallAdmission(self.calls, _NoWakes(), nudge, SystemClock(), admission, rulebook)
        trunks, values = TrunkRepository(table), stack.outputs.values
        practice = TestTrunks(trunks)
        self._desk = OutboundCallService(intake, AgentRepository(table), trunks, practice, lambda _: None)
        sqs = client(stack.config, "sqs")
        self._wakes = WakeQueue(sqs, values["DialQueueUrl"], values["TestDialQueueUrl"])

    def _made(self, stack: Stack, cps: float, ring_timeout_s: int) -> tuple[Trunk, Agent]:
        name = self.tenant_name
        operator = stack.operator()
        operator.tenants.create(name)
        info = SIPOutboundTrunkInfo(name=name, address="carrier.test", numbers=NUMBERS)
        sip_trunk_id = asyncio.run(sip_trunk(stack, info))
        spec = TrunkSpec(name="t", sip_trunk_id=sip_trunk_id, cps=cps, numbers=NUMBERS)
        trunk = operator.create_trunk(spec, [name])
        agent = AgentSpec(name="a", livekit_agent_name="at-once", trunk="t", ring_timeout_s=ring_timeout_s)
        return trunk, operator.create_agent(name, agent)

    def fill(self, count: int, number: str = BUSY) -> None:
        """Put calls into the line."""
        request = OutboundCall(agentId=self._agent.id, phoneNumber=number)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: self._desk.place(self._principal, request, source="bench"), range(count)))

    def wake(self, times: int = CONTENDING) -> None:
        for _ in range(times):
            self._wakes.send(DialWakeup(self.trunk.id))

    def wait(self, timeout_s: float, *, quiet_s: float = 0) -> None:
        """Wait until every call of the trunk has ended; asks nothing for a while, for that takes time of
        the emulator's."""
        time.sleep(quiet_s)
        deadline_s = time.monotonic() + timeout_s
        while any(
            next(ids, None)
            for ids in (
                self.calls.waiting_call_ids(self.trunk.id),
                self.calls.busy_call_ids(self.trunk.id),
            )
        ):
            if time.monotonic() > deadline_s:
                raise TimeoutError("calls are left")
            time.sleep(0.5)

    def urgent_until_invited(self) -> float:
        """Put a call of priority 0 in, and return the seconds until the carrier sees it."""
        request = OutboundCall(agentId=self._agent.id, phoneNumber=BUSY, priority=0)
        began_s = time.monotonic()
        call = self._desk.place(self._principal, request, source="bench").call
        while True:
            for line in reversed(self._invites()):
                if call.id in line["room"]:
                    return float(line["t"]) - began_s
            time.sleep(0.05)

    def pause(self) -> None:
        """Let the rest of the line wait."""
        self._stack.operator().pause(self.trunk.id, paused=True)

    def seen(self) -> Paced:
        return Paced(sorted(line["t"] for line in self._invites()))

    def rooms(self) -> list[str]:
        """The room of each INVITE."""
        return [line["room"] for line in self._invites()]

    def _invites(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self._stack.config.invite_log.read_text().splitlines()]
        return [line for line in lines if line["trunk_id"] == self.trunk.sip_trunk_id]


async def sip_trunk(stack: Stack, info: SIPOutboundTrunkInfo) -> str:
    """Make a SIP trunk at the stand-in; returns its id."""
    async with LiveKitAPI(*stack.config.livekit) as livekit:
        made = await livekit.sip.create_outbound_trunk(CreateSIPOutboundTrunkRequest(trunk=info))
        return str(made.sip_trunk_id)
