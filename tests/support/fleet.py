"""Many trunks with active calls, the tasks of the reconciler's passes, and a LiveKit that takes its time.

The event loop's time is virtual in tests; nothing here takes any of it but LiveKit.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from livekit.protocol.models import ParticipantInfo

from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.memory_table import MemoryTable
from tests.support.stubs import GUARD, NullSimulation, RecordedWakeups, make_notifier, run_inline
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase, State
from trunkline.core.clock import Clock
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.livekit.silence import ProjectSilence
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.fan_out import FanOut
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.reconciler.progress import ProgressRepository
from trunkline.reconciler.projects import Connect
from trunkline.reconciler.task_runner import TaskRunner
from trunkline.reconciler.tasks import RepairTask
from trunkline.storage.keys.item import OPEN_PK, OPEN_SK, PK, SK, Item
from trunkline.storage.table import Delete, Put, Write
from trunkline.trunks.repository import TrunkRepository

TIMEOUT_S = 10
Offload = Callable[..., Awaitable[Any]]
ANSWERED_MS = NOW_MS - 120_000


class IndexedTable(MemoryTable):
    """A table in memory that finds a partition among many without looking at all items."""

    def __init__(self) -> None:
        super().__init__()
        self._by_pk: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._by_open: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def _apply(self, write: Write) -> Item | None:
        source = write.item if isinstance(write, Put) else write.key.as_item()
        key = source[PK], source[SK]
        self._by_open[self.items.get(key, {}).get(OPEN_PK, "")].discard(key)
        result = super()._apply(write)
        if isinstance(write, Delete):
            self._by_pk[key[0]].discard(key)
            return result
        self._by_pk[key[0]].add(key)
        if OPEN_PK in self.items[key]:
            self._by_open[self.items[key][OPEN_PK]].add(key)
        return result

    def _between(self, pk: str, low: str = "", high: str = "\U0010ffff") -> list[Item]:
        return [self.items[key] for key in sorted(self._by_pk[pk]) if low <= key[1] <= high]

    def open_items(self, partition: str, until: str = "") -> Iterator[Item]:
        found = sorted((self.items[key] for key in self._by_open[partition]), key=lambda item: item[OPEN_SK])
        names = (PK, SK, OPEN_PK, OPEN_SK)
        return iter(
            [{name: item[name] for name in names} for item in found if not until or item[OPEN_SK] < until]
        )


@dataclass
class SlowLiveKit:
    """A LiveKit project in which every callee has left; each request takes a while."""

    latency_s: float = 0.05
    hangs: bool = False
    before: Callable[[], Awaitable[None]] | None = None
    asked: Counter[str] = field(default_factory=Counter)

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        self.asked[room] += 1
        if self.before:
            await self.before()
        await asyncio.sleep(TIMEOUT_S if self.hangs else self.latency_s)
        if self.hangs:
            raise LiveKitUnavailable("TimeoutError", timed_out=True)
        return None

    async def caller_is_in(self, room: str) -> bool:
        return await self.callee(room, 1) is not None

    async def agent_in_room(self, room: str) -> str | None:
        await self.callee(room, 1)
        return None

    async def remove_callee(self, room: str, claim: int) -> None:
        await self.callee(room, 1)

    async def delete_room(self, room: str) -> None:
        """Answer at once."""


class RecordedTasks:
    """A queue of tasks that a test takes them from."""

    def __init__(self) -> None:
        self.waiting: list[RepairTask] = []
        self.sent = 0

    def send(self, tasks: Sequence[RepairTask]) -> int:
        self.waiting += [RepairTask.from_json(task.to_json()) for task in tasks]
        self.sent += len(tasks)
        return 0


class Fleet:
    """A deployment: trunks with their calls, and what plans and runs the tasks of a pass."""

    def __init__(self, clock: Clock) -> None:
        self.table, self.clock = IndexedTable(), clock
        self.calls, self.trunks = CallRepository(self.table), TrunkRepository(self.table)
        self.queue, self.meter = RecordedTasks(), MetricWriter("reconciler")
        self.progress = ProgressRepository(self.table, clock)
        self.projects: dict[str | None, SlowLiveKit] = defaultdict(SlowLiveKit)
        self.wakeups = RecordedWakeups()
        self._number = 0

    def add_trunk(self, number: int, calls: int, tenant_id: str = "tenant-1", **changes: Any) -> list[str]:
        """Add a trunk, of a project of its own if `livekit_tenant_id` says so, and return its calls' ids."""
        trunk = replace(TRUNK, id=f"trunk_{number}", sip_trunk_id=f"ST_{number}", **changes)
        self.trunks.create(trunk)
        self.trunks.grant(trunk.id, tenant_id)
        return [self._add_call(trunk.id, tenant_id).id for _ in range(calls)]

    def _add_call(self, trunk_id: str, tenant_id: str) -> Call:
        self._number += 1
        marks: dict[str, Any] = {"state": State.ACTIVE, "phase": Phase.SETTLED, "claim": 1}
        marks |= {"connecting_at_ms": ANSWERED_MS, "answered_at_ms": ANSWERED_MS}
        call = make_call(self._number, trunk_id=trunk_id, tenant_id=tenant_id, **marks)
        call = replace(call, room_name=f"room-{self._number}")
        self.calls.create(call)
        return call

    def plan(self) -> None:
        """Plan a pass."""
        queue: Any = self.queue
        FanOut(self.trunks, queue, self.progress, self.clock, self.meter).plan(self.progress.read())

    async def run(
        self, task: RepairTask, offload: Offload = run_inline, connect: Connect | None = None
    ) -> Counter[str]:
        """Run one task, as an invocation does."""
        return await self.runner(offload, connect).run(task)

    async def work_off(self, workers: int = 1) -> Counter[str]:
        """Run all tasks, and those that they lead to, with some workers at once."""
        repairs: Counter[str] = Counter()

        async def worker() -> None:
            while self.queue.waiting:
                repairs.update(await self.run(self.queue.waiting.pop(0)))

        await asyncio.gather(*(worker() for _ in range(workers)))
        return repairs

    def open_ids(self, ids: Sequence[str]) -> list[str]:
        """Return those of the calls that have not ended."""
        return [call.id for call_id in ids if (call := self.calls.load(call_id)) and not call.is_terminal]

    def runner(self, offload: Offload = run_inline, connect: Connect | None = None) -> TaskRunner:
        """Build what an invocation runs its task with."""
        wakes: Any = self.wakeups
        queue: Any = self.queue
        line, log = DialQueue(self.table), logger("test")
        phone = PhoneCallReconciler(
            calls=self.calls,
            lanes=LaneLeaseRepository(self.table, self.clock),
            queue=line,
            checkpoints=QueueCheckpoints(self.table, line),
            trunks=self.trunks,
            wakes=wakes,
            notifier=make_notifier(self.wakeups, self.clock),
            livekit=self.projects[None],
            simulation=NullSimulation(),
            clock=self.clock,
            offload=offload,
            log=log,
            guard=GUARD,
            meter=self.meter,
        )
        return TaskRunner(
            phone=phone,
            frame=CallRepairFrame(self.calls, phone.notifier, self.clock, offload, log),
            simulated=self.projects[None],
            progress=self.progress,
            queue=queue,
            connect=connect or self._connect,
            owner_of_call=lambda call: call.livekit_tenant_id,
            silence=lambda tenant_id: ProjectSilence(self.table, self.clock, offload, tenant_id),
        )

    async def _connect(self, tenant_id: str | None, _: AsyncExitStack) -> SlowLiveKit:
        return self.projects[tenant_id]
