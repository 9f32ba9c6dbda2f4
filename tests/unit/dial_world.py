"""A small world for the dial protocol: real stores, reconciler and news desk on a table in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol.models import ParticipantInfo

from tests.builders import ManualClock, NothingPlayed, no_reach
from tests.memory_table import MemoryTable
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


class Wakes:
    def send(self, wake: object, delay_s: int = 0) -> None:
        """Wakes can be lost."""


@dataclass
class LiveKit:
    """Legs by call and claim; `invites` counts what reached the carrier."""

    legs: dict[tuple[str, int], str] = field(default_factory=dict)
    invites: list[tuple[str, int]] = field(default_factory=list)

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        status = self.legs.get((room[5:41], claim))
        return ParticipantInfo(sid="PA", attributes={"sip.callStatus": status}) if status else None

    async def remove_callee(self, room: str, claim: int) -> None:
        self.legs.pop((room[5:41], claim), None)

    async def delete_room(self, room: str) -> None:
        for key in [key for key in self.legs if room == room_name(*key)]:
            del self.legs[key]


async def at_once(work: Any, *args: Any) -> Any:
    return work(*args)


async def look_after(reconciler: PhoneCallReconciler) -> None:
    """One pass of the reconciler over all trunks."""
    states = [reconciler.trunks.state(trunk_id) for trunk_id in reconciler.trunks.ids()]
    await reconciler.walk([state for state in states if state], Counter())


class World:
    """One table and everything that stands on it."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.clock = ManualClock()
        self.calls = CallRepository(self.table)
        self.trunks = TrunkRepository(self.table)
        self.lanes = LaneLeaseRepository(self.table, self.clock)
        self.livekit = LiveKit()
        line, log = DialQueue(self.table), logger("model")
        nudge = LaneNotifier(Wakes(), self.clock, log)  # type: ignore[arg-type]
        self.reconciler = PhoneCallReconciler(
            calls=self.calls,
            lanes=self.lanes,
            line=line,
            census=QueueCheckpoints(self.table, line),
            trunks=self.trunks,
            wakes=Wakes(),  # type: ignore[arg-type]
            nudge=nudge,
            livekit=self.livekit,
            played=NothingPlayed(),
            clock=self.clock,
            offload=at_once,
            log=log,
        )
        self.news = LiveKitEventHandler(self.calls, nudge, self.clock, self.lanes.run_is_alive, no_reach())
