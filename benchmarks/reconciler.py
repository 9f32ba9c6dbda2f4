"""A pass of the reconciler over many calls, with and without items that cannot be read."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from statistics import median

from livekit.protocol.models import ParticipantInfo

from benchmarks.results import Row
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import NullSimulation, RecordedWakeups, make_notifier, run_inline
from trunkline.calls.repository import CallRepository
from trunkline.core.item_guard import ItemGuard
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.storage.keys.calls import call_key
from trunkline.storage.table import Update
from trunkline.trunks.repository import TrunkRepository

HEALTHY, POISONED = 10_000, 100
MAX_RATIO = 1.1
_PASSES = 3


class _NoLiveKit:
    """Is not asked: calls that have expired need no LiveKit."""

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        raise NotImplementedError

    async def agent_in_room(self, room: str) -> str | None:
        raise NotImplementedError

    async def delete_room(self, room: str) -> None:
        raise NotImplementedError

    async def remove_callee(self, room: str, claim: int) -> None:
        raise NotImplementedError


def reconciler_rows() -> list[Row]:
    """Measure a pass that ends 10,000 expired calls, alone and among 100 unreadable ones."""
    clean_s, mixed_s = (
        median(_pass_s(0) for _ in range(_PASSES)),
        median(_pass_s(POISONED) for _ in range(_PASSES)),
    )
    ratio = mixed_s / clean_s
    return [
        Row(
            f"reconciler pass, {HEALTHY} calls to end, {POISONED} unreadable ones among them",
            f"{mixed_s:.1f} s, all {HEALTHY} ended",
            f"without them {clean_s:.1f} s",
            ratio,
            f"≤ {MAX_RATIO}",
            ratio <= MAX_RATIO,
        )
    ]


def _pass_s(poisoned: int) -> float:
    table, clock = MemoryTable(), ManualClock()
    calls = CallRepository(table)
    for number in range(HEALTHY + poisoned):
        call_id = f"00000000-0000-4000-8000-{number:012d}"
        position = f"tenant-1#05#0#{number:017d}#{call_id}"
        calls.create(make_call(id=call_id, queue_position=position))
        if number < poisoned:
            table.write(Update(call_key(call_id), set={"state": "no such state"}))
    reconciler = _reconciler(table, calls, clock)
    state = reconciler.trunks.state(TRUNK.id)
    assert state is not None
    clock.now_ms = NOW_MS + 3_601_000
    repairs: Counter[str] = Counter()
    begun_s = time.perf_counter()
    with redirect_stdout(StringIO()):
        asyncio.run(reconciler.reconcile([state], repairs))
    took_s = time.perf_counter() - begun_s
    assert repairs["expired"] == HEALTHY
    return took_s


def _reconciler(table: MemoryTable, calls: CallRepository, clock: ManualClock) -> PhoneCallReconciler:
    trunks, wakeups, log = TrunkRepository(table), RecordedWakeups(), logger("bench")
    log.setLevel("CRITICAL")
    trunks.create(TRUNK)
    trunks.grant(TRUNK.id, "tenant-1")
    return PhoneCallReconciler(
        calls=calls,
        lanes=LaneLeaseRepository(table, clock),
        queue=DialQueue(table),
        checkpoints=QueueCheckpoints(table, DialQueue(table)),
        trunks=trunks,
        wakes=wakeups,  # type: ignore[arg-type]
        notifier=make_notifier(wakeups, clock),
        livekit=_NoLiveKit(),
        simulation=NullSimulation(),
        clock=clock,
        offload=run_inline,
        log=log,
        guard=ItemGuard("bench", log),
    )
