"""The reconciler of phone calls, with one trunk and one call on a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from livekit.protocol.models import ParticipantInfo

from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import GUARD, NullSimulation, RecordedWakeups, make_notifier, run_inline
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.transitions import answer_call, claim_call, record_intent
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import MAX_CLOCK_SKEW_MS, RUN_LEASE_MS, LaneLeaseRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository

DEAD_RUN_S = (RUN_LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 1
DEAD_AFTER_MS = NOW_MS + 5_000


@dataclass
class LookupLiveKit:
    """LiveKit as the reconciler sees it; `during` runs while it is being asked.

    `is_stale`: it was restarted, and cannot remove whom it still shows.
    """

    status: str | None = None
    down: bool = False
    is_stale: bool = False
    hangs_up: bool = False
    agent: str | None = None
    during: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        self.asked.append(room)
        self.during()
        if self.down:
            raise LiveKitUnavailable("down")
        if self.status is None:
            return None
        return ParticipantInfo(sid="PA_9", attributes={"sip.callStatus": self.status, "sip.callID": "SCL_9"})

    async def agent_in_room(self, room: str) -> str | None:
        return self.agent

    async def remove_callee(self, room: str, claim: int) -> None:
        self.removed.append(room)
        if not self.is_stale and self.hangs_up:
            self.status = None
        if self.is_stale:
            raise LiveKitUnavailable("unavailable (503)", code="unavailable")

    async def delete_room(self, room: str) -> None:
        self.deleted.append(room)


class ReconcilerHarness:
    """One trunk, one call, one reconciler."""

    def __init__(self, table: Table) -> None:
        self.clock = ManualClock()
        self.calls = CallRepository(table)
        self.lanes = LaneLeaseRepository(table, self.clock)
        self.wakeups = RecordedWakeups()
        self.livekit = LookupLiveKit()
        trunks = TrunkRepository(table)
        trunks.create(TRUNK)
        trunks.grant(TRUNK.id, "tenant-1")
        self.reconciler = PhoneCallReconciler(
            calls=self.calls,
            lanes=self.lanes,
            queue=DialQueue(table),
            checkpoints=QueueCheckpoints(table, DialQueue(table)),
            trunks=trunks,
            wakes=self.wakeups,  # type: ignore[arg-type]
            notifier=make_notifier(self.wakeups, self.clock),
            livekit=self.livekit,
            simulation=NullSimulation(),
            clock=self.clock,
            offload=run_inline,
            log=logger("test"),
            guard=GUARD,
        )
        self.line = DialQueue(table)

    async def reconcile(self) -> Counter[str]:
        repairs: Counter[str] = Counter()
        states = [self.reconciler.trunks.state(trunk_id) for trunk_id in self.reconciler.trunks.ids()]
        await self.reconciler.reconcile([state for state in states if state], repairs)
        return repairs

    def now(self) -> Call:
        call = self.calls.load(make_call().id)
        assert call is not None
        return call

    def accepted(self) -> Call:
        self.calls.create(make_call())
        return self.now()

    def prepared(self) -> Call:
        self.lanes.renew_run("run-1")
        call = self.accepted()
        return self.calls.apply(call, claim_call(call, "run-1", f"call-{call.id}"), NOW_MS)

    def sent(self) -> Call:
        call = self.prepared()
        return self.calls.apply(
            call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=DEAD_AFTER_MS), NOW_MS
        )

    def active(self) -> Call:
        call = self.sent()
        return self.calls.apply(call, answer_call(call, NOW_MS), NOW_MS)


@pytest.fixture
def reconciler(table: Table) -> ReconcilerHarness:
    return ReconcilerHarness(table)
