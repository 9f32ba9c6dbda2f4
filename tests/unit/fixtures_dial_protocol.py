"""The dial protocol's stores, reconciler and event handler on a table in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from livekit.protocol.models import ParticipantInfo

from tests.support.clocks import ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import NullRoomActions, NullSimulation, run_inline
from trunkline.calls.news import NewsDesk
from trunkline.calls.store import CallStore
from trunkline.dialing.caretaker import Caretaker
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.line import Line
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.queue import Census
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.livekit.names import room_name
from trunkline.observability import logger


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

    async def remove_callee(self, room: str, claim: int) -> None:
        self.legs.pop((room[5:41], claim), None)

    async def delete_room(self, room: str) -> None:
        for key in [key for key in self.legs if room == room_name(*key)]:
            del self.legs[key]


async def reconcile(caretaker: Caretaker) -> None:
    """Run the reconciler once over all trunks."""
    states = [caretaker.trunks.state(trunk_id) for trunk_id in caretaker.trunks.ids()]
    await caretaker.walk([state for state in states if state], Counter())


class DialProtocolHarness:
    """One table and everything that stands on it."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.clock = ManualClock()
        self.calls = CallStore(self.table)
        self.trunks = TrunkStore(self.table)
        self.lanes = LaneStore(self.table, self.clock)
        self.livekit = LegsInLiveKit()
        line, log = Line(self.table), logger("model")
        nudge = Nudge(LostWakeups(), self.clock, log)  # type: ignore[arg-type]
        self.caretaker = Caretaker(
            calls=self.calls,
            lanes=self.lanes,
            line=line,
            census=Census(self.table, line),
            trunks=self.trunks,
            wakes=LostWakeups(),  # type: ignore[arg-type]
            nudge=nudge,
            livekit=self.livekit,
            played=NullSimulation(),
            clock=self.clock,
            offload=run_inline,
            log=log,
        )
        self.news = NewsDesk(self.calls, nudge, self.clock, self.lanes.run_is_alive, NullRoomActions())
