"""The dial protocol's stores, reconciler and event handler on a table in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from livekit.protocol.models import ParticipantInfo

from tests.support.clocks import ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import GUARD, NullRoomActions, NullSimulation, run_inline
from trunkline.call_control.livekit_events import LiveKitEventHandler
from trunkline.calls.repository import CallRepository
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.rooms import room_name
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.trunks.repository import TrunkRepository


class LostWakeups:
    def send(self, wake: object, delay_s: int = 0) -> None:
        """Lose it: a wake-up may be lost."""


@dataclass
class LegsInLiveKit:
    """Legs by call and claim; `invites` counts what reached the carrier."""

    legs: dict[tuple[str, int], str] = field(default_factory=dict)
    invites: list[tuple[str, int]] = field(default_factory=list)

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        status = self.legs.get((room[5:41], claim))
        return ParticipantInfo(sid="PA", attributes={"sip.callStatus": status}) if status else None

    async def agent_in_room(self, room: str) -> str | None:
        return None

    async def remove_callee(self, room: str, claim: int) -> None:
        self.legs.pop((room[5:41], claim), None)

    async def delete_room(self, room: str) -> None:
        for key in [key for key in self.legs if room == room_name(*key)]:
            del self.legs[key]


async def reconcile(reconciler: PhoneCallReconciler) -> None:
    """Run the reconciler once over all trunks."""
    states = [reconciler.trunks.state(trunk_id) for trunk_id in reconciler.trunks.ids()]
    await reconciler.reconcile([state for state in states if state], Counter())


class DialProtocolHarness:
    """One table and everything that stands on it."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.clock = ManualClock()
        self.calls = CallRepository(self.table)
        self.trunks = TrunkRepository(self.table)
        self.lanes = LaneLeaseRepository(self.table, self.clock)
        self.livekit = LegsInLiveKit()
        line, log = DialQueue(self.table), logger("model")
        notifier = LaneNotifier(LostWakeups(), self.clock, log)  # type: ignore[arg-type]
        self.reconciler = PhoneCallReconciler(
            calls=self.calls,
            lanes=self.lanes,
            queue=line,
            checkpoints=QueueCheckpoints(self.table, line),
            trunks=self.trunks,
            wakes=LostWakeups(),  # type: ignore[arg-type]
            notifier=notifier,
            livekit=self.livekit,
            simulation=NullSimulation(),
            clock=self.clock,
            offload=run_inline,
            log=log,
            guard=GUARD,
        )
        self.events = LiveKitEventHandler(
            self.calls, notifier, self.clock, self.lanes.run_is_alive, NullRoomActions()
        )
