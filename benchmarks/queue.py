"""A trunk with a queue of calls for one benchmark, and the INVITEs that its carrier received."""

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
from local.probes import max_starts_in_a_second
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
CONCURRENT_WAKES = 3


@dataclass(frozen=True)
class CallStarts:
    """The times (monotonic seconds, sorted) at which the calls of one trunk started."""

    times_s: list[float]

    def max_in_a_second(self) -> int:
        """Return the highest number of starts in any sliding second."""
        return max_starts_in_a_second(self.times_s)

    def efficiency(self, cps: float) -> float:
        """Return the share of the budget that was used, from the first start to the last."""
        return (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0]) / cps


class _NullWakeQueue(WakeQueue):
    """A queue that drops all messages, so that no call is dialled until all are queued."""

    def __init__(self) -> None:
        """Connect to no queue."""

    def send(self, wake: DialWakeup, delay_s: int = 0) -> None:
        """Drop a message."""


class BenchmarkTrunk:
    """A trunk with its own tenant; calls are queued without the API, which is faster."""

    def __init__(self, stack: Stack, cps: float, *, ring_timeout_s: int = 45) -> None:
        self._stack = stack
        self.tenant_name = f"bench-{uuid.uuid4()}"
        table = Table(client(stack.config, "dynamodb"), stack.outputs.values["TableName"])
        self.calls = CallRepository(table)
        self.trunk, self._agent = self._create(stack, cps, ring_timeout_s)
        self._principal = Principal(self._agent.tenant_id, livemode=True, scopes=frozenset(Scope))
        self._outbound = _outbound_service(table, self.calls)
        sqs, values = client(stack.config, "sqs"), stack.outputs.values
        self._wakes = WakeQueue(sqs, values["DialQueueUrl"], values["TestDialQueueUrl"])

    def _create(self, stack: Stack, cps: float, ring_timeout_s: int) -> tuple[Trunk, Agent]:
        name = self.tenant_name
        operator = stack.operator()
        operator.tenants.create(name)
        info = SIPOutboundTrunkInfo(name=name, address="carrier.test", numbers=NUMBERS)
        sip_trunk_id = asyncio.run(create_sip_trunk(stack, info))
        spec = TrunkSpec(name="t", sip_trunk_id=sip_trunk_id, cps=cps, numbers=NUMBERS)
        trunk = operator.create_trunk(spec, [name])
        agent = AgentSpec(name="a", livekit_agent_name="at-once", trunk="t", ring_timeout_s=ring_timeout_s)
        return trunk, operator.create_agent(name, agent)

    def enqueue(self, count: int, number: str = BUSY) -> None:
        """Queue calls to a number."""
        request = OutboundCall(agentId=self._agent.id, phoneNumber=number)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: self._place(request), range(count)))

    def _place(self, request: OutboundCall) -> str:
        """Queue a call, and return its id."""
        return self._outbound.create(self._principal, request, source="bench").call.id

    def wake_dialer(self, times: int = CONCURRENT_WAKES) -> None:
        """Send wake-ups for the trunk; several make dialers contend for it."""
        for _ in range(times):
            self._wakes.send(DialWakeup(self.trunk.id))

    def wait_until_idle(self, timeout_s: float, *, quiet_s: float = 0) -> None:
        """Wait until all calls of the trunk have ended.

        The first poll comes after `quiet_s`, because polls take time of the emulator.

        Raises:
            TimeoutError: calls are left after `timeout_s` more seconds.
        """
        time.sleep(quiet_s)
        deadline_s = time.monotonic() + timeout_s
        while any(
            next(ids, None)
            for ids in (
                self.calls.waiting_ids(self.trunk.id),
                self.calls.in_progress_ids(self.trunk.id),
            )
        ):
            if time.monotonic() > deadline_s:
                raise TimeoutError("the trunk still has calls")
            time.sleep(0.5)

    def urgent_invite_latency_s(self) -> float:
        """Queue a call of priority 0, and return the seconds until its INVITE."""
        request = OutboundCall(agentId=self._agent.id, phoneNumber=BUSY, priority=0)
        started_s = time.monotonic()
        call_id = self._place(request)
        while True:
            for invite in reversed(self._invites()):
                if call_id in invite["room"]:
                    return float(invite["t"]) - started_s
            time.sleep(0.05)

    def pause(self) -> None:
        """Stop dialling; the rest of the queue waits."""
        self._stack.operator().set_trunk_paused(self.trunk.id, paused=True)

    def starts(self) -> CallStarts:
        """Return when the carrier received each INVITE."""
        return CallStarts(sorted(invite["t"] for invite in self._invites()))

    def rooms(self) -> list[str]:
        """Return the room of each INVITE."""
        return [invite["room"] for invite in self._invites()]

    def _invites(self) -> list[dict[str, Any]]:
        lines = self._stack.config.invite_log.read_text().splitlines()
        invites = [json.loads(line) for line in lines]
        return [invite for invite in invites if invite["trunk_id"] == self.trunk.sip_trunk_id]


def _outbound_service(table: Table, calls: CallRepository) -> OutboundCallService:
    """Build the service that creates outbound calls, with wake-ups switched off."""
    clock, wakes = SystemClock(), _NullWakeQueue()
    notifier = LaneNotifier(wakes, clock, logger("bench"))
    quotas = QuotaService(table, TenantSettingsCache(table, clock), lambda *_, **__: 0, clock)
    call_admission = CallAdmission(calls, wakes, notifier, clock, quotas, CompliancePolicy(table, clock))
    trunks = TrunkRepository(table)
    return OutboundCallService(
        call_admission, AgentRepository(table), trunks, TestTrunks(trunks), lambda _: None
    )


async def create_sip_trunk(stack: Stack, info: SIPOutboundTrunkInfo) -> str:
    """Create a SIP trunk in the stand-in, and return its id."""
    async with LiveKitAPI(*stack.config.livekit) as livekit:
        trunk = await livekit.sip.create_outbound_trunk(CreateSIPOutboundTrunkRequest(trunk=info))
        return str(trunk.sip_trunk_id)
