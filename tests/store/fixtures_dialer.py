"""Lane runs on a table in memory, with LiveKit in memory and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from tests.support.builders import TRUNK, make_agent, make_call
from tests.support.clocks import VirtualClock
from tests.support.fake_livekit import FakeLiveKit
from tests.support.memory_table import MemoryTable
from tests.support.stubs import RecordedWakeups, make_notifier, run_inline
from trunkline.agents.repository import AgentRepository
from trunkline.call_control.cancel_call import CancelCallService
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.clock import Clock
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.pacing import Timing
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.start_history import StartHistory
from trunkline.dial_queue.status import QueueCheckpoints, QueueStatusReader
from trunkline.dialer.context import DialerContext
from trunkline.dialer.dial_metrics import DialMetrics
from trunkline.dialer.lane_run import LaneRun, RunLimits
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.statistics.repository import StatisticsRepository
from trunkline.statistics.start_recorder import StartRecorder
from trunkline.storage.table import Table
from trunkline.trunks.blocked_callers import BlockedCallers
from trunkline.trunks.repository import TrunkRepository

WAKE = DialWakeup(TRUNK.id)
QUICK = RunLimits(cancel_poll_s=0.05, poll_s=0.02, heartbeat_s=0.2, handover_wait_s=0.3)

SOON = RedialPolicy(3, ("busy", "unknown", "agent_unavailable"), (1,))
BUSY = DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486))
UP = DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")


def make_cancel_service(
    harness: HasCalls, hang_up: Callable[[Call], None] = lambda _: None
) -> CancelCallService:
    notifier = make_notifier(harness.wakeups, harness.clock)
    return CancelCallService(harness.calls, notifier, harness.clock, hang_up)


def make_queue(table: Table, clock: Clock) -> QueueStatusReader:
    line = DialQueue(table)
    return QueueStatusReader(
        line, LaneLeaseRepository(table, clock), TrunkRepository(table), QueueCheckpoints(table, line), clock
    )


class HasCalls(Protocol):
    """What a harness has that can cancel calls."""

    @property
    def calls(self) -> CallRepository: ...
    @property
    def wakeups(self) -> RecordedWakeups: ...
    @property
    def clock(self) -> Clock: ...


class MortalProcess:
    """A dialer process that can be killed: nothing of it reaches the table or LiveKit any more."""

    def __init__(self, livekit: FakeLiveKit) -> None:
        self._livekit = livekit
        self._others = asyncio.all_tasks()
        self._is_dead = False

    async def offload(self, work: Callable[..., Any], *args: Any) -> Any:
        self._require_alive()
        return work(*args)

    def __getattr__(self, request: str) -> Any:
        self._require_alive()
        return getattr(self._livekit, request)

    async def kill(self) -> None:
        self._is_dead = True
        own = asyncio.all_tasks() - self._others - self._livekit.dials
        for task in own:
            task.cancel()
        await asyncio.gather(*own, return_exceptions=True)

    def _require_alive(self) -> None:
        if self._is_dead:
            raise asyncio.CancelledError


@dataclass
class DialerHarness:
    """The stores of one trunk, a LiveKit in memory, and lane runs that work on them."""

    table: Table
    calls: CallRepository
    lanes: LaneLeaseRepository
    line: DialQueue
    trunks: TrunkRepository
    wakeups: RecordedWakeups
    livekit: FakeLiveKit
    clock: VirtualClock

    def run(
        self, run_id: str = "run-1", limits: RunLimits = QUICK, process: MortalProcess | None = None
    ) -> LaneRun:
        starts = StartRecorder(StatisticsRepository(self.table), logger("test"))
        context = DialerContext(
            run_id=run_id,
            starts=StartHistory(),
            metrics=DialMetrics(self.clock, starts=starts),
            timing=Timing(),
            calls=self.calls,
            livekit=process or self.livekit,
            sign_dial_token=lambda lifetime_s: f"token for {lifetime_s}",
            notifier=make_notifier(self.wakeups, self.clock),
            compliance=CompliancePolicy(self.table, self.clock),
            clock=self.clock,
            offload=process.offload if process else run_inline,
            log=logger("test"),
            record_block=BlockedCallers(self.table, self.clock).record,
        )
        return LaneRun(
            context=context,
            lanes=self.lanes,
            queue=self.line,
            trunks=self.trunks,
            limits=limits,
        )

    def load(self, number: int = 1) -> Call:
        """Read a call by the number it was made with."""
        call = self.calls.load(make_call(number).id)
        assert call is not None
        return call

    def states(self, numbers: range) -> list[State]:
        return [self.load(number).state for number in numbers]


@pytest.fixture
def dialer_table() -> Table:
    """The table of the lane runs; a module whose subject is the stores' writes takes the one in moto."""
    return MemoryTable()


@pytest.fixture
def dialer(dialer_table: Table) -> DialerHarness:
    table, clock = dialer_table, VirtualClock()
    trunks = TrunkRepository(table)
    trunks.create(TRUNK)
    trunks.grant(TRUNK.id, "tenant-1")
    for tenant_id in ("tenant-1", "tenant-2"):
        AgentRepository(table).save(make_agent(tenant_id))
    return DialerHarness(
        table=table,
        calls=CallRepository(table),
        lanes=LaneLeaseRepository(table, clock),
        line=DialQueue(table),
        trunks=trunks,
        wakeups=RecordedWakeups(),
        livekit=FakeLiveKit(),
        clock=clock,
    )
