"""A pass over 2,000 trunks with 50,000 calls whose ends nobody reported, by many workers.

Time is simulated. A request to the table takes 5 ms and one to LiveKit 50 ms; each also takes 4 ms of its
worker's CPU, one after another, which is what the SDKs take of about half a processor. The tasks, their order
and their number are those of the product's code.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from benchmarks.results import Row
from infrastructure.settings import stage_settings
from tests.support.clocks import VirtualClock
from tests.support.fleet import Fleet, SlowLiveKit
from trunkline.core.logging import logger

TRUNKS, CALLS_A_TRUNK = 2_000, 25
INVOCATION_S, MINUTE_S = 55, 60
MAX_HUNG_RATIO = 1.5
_TABLE_S, _LIVEKIT_S, _CPU_S = 0.005, 0.05, 0.004
_HUNG = "tenant-9"


@dataclass(frozen=True)
class Outcome:
    """What a simulated pass took: when its last call ended, how many there were, and their time together."""

    last_s: float
    tasks: int
    busy_s: float
    requests: int
    repairs: Counter[str]


class _SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time goes on only when all its tasks wait, and then at once."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        select = selector.select

        def skip(timeout: float | None = None) -> Any:
            self._now_s += timeout or 0
            return select(0)

        selector.select = skip

    def time(self) -> float:
        """Return the simulated time in seconds."""
        return self._now_s


class _Worker:
    """Requests of one invocation: they wait side by side, and share a CPU."""

    def __init__(self) -> None:
        self.requests = 0
        self._cpu = asyncio.Lock()

    async def request(self, latency_s: float) -> None:
        self.requests += 1
        async with self._cpu:
            await asyncio.sleep(_CPU_S)
        await asyncio.sleep(latency_s)

    async def offload(self, work: Callable[..., Any], *args: Any) -> Any:
        await self.request(_TABLE_S)
        return work(*args)


def fleet_rows() -> list[Row]:
    """Measure a pass by one worker and by as many as `prod` has, beside a project that hangs, and idle."""
    workers = stage_settings("prod").repair_tasks_at_once
    fanned, idle = _simulate(workers, TRUNKS), _simulate(workers, TRUNKS, calls=0)
    part, hung = TRUNKS // 4, TRUNKS // 16
    quiet, beside = (_simulate(workers, part, hung_trunks=hung, hangs=hangs) for hangs in (False, True))
    calls = TRUNKS * CALLS_A_TRUNK
    return [
        Row(
            f"reconciler, {calls} calls on {TRUNKS} trunks to end: the last one, {workers} workers",
            f"{fanned.last_s:.0f} s, {fanned.tasks} tasks, {fanned.requests} requests",
            f"the same tasks one after another {fanned.busy_s:.0f} s; an invocation has {INVOCATION_S} s",
            fanned.last_s / fanned.busy_s,
            f"≤ {MINUTE_S} s",
            fanned.last_s <= MINUTE_S and fanned.repairs["end_found"] == calls,
        ),
        Row(
            f"reconciler, {part} trunks, {hung} of them of a LiveKit that hangs: the last of the others",
            f"{beside.last_s:.0f} s",
            f"if it does not hang {quiet.last_s:.0f} s",
            beside.last_s / quiet.last_s,
            f"≤ {MAX_HUNG_RATIO}",
            beside.last_s <= MAX_HUNG_RATIO * quiet.last_s,
        ),
        Row(
            f"a pass over {TRUNKS} trunks with nothing open",
            f"{idle.requests / TRUNKS:.1f} requests each, {idle.tasks} tasks, together {idle.busy_s:.0f} s",
        ),
    ]


def _simulate(
    workers: int, trunks: int, *, calls: int = CALLS_A_TRUNK, hung_trunks: int = 0, hangs: bool = False
) -> Outcome:
    with asyncio.Runner(loop_factory=_SimulatedLoop) as runner, redirect_stdout(StringIO()):
        return runner.run(_pass(workers, trunks, calls, hung_trunks, hangs=hangs))


async def _pass(workers: int, trunks: int, calls: int, hung_trunks: int, *, hangs: bool) -> Outcome:
    logger("test").setLevel("CRITICAL")
    fleet = Fleet(VirtualClock())
    fleet.projects[_HUNG].hangs = hangs
    for number in range(trunks):
        owner = _HUNG if number < hung_trunks else None
        fleet.add_trunk(number, calls, owner or "tenant-1", livekit_tenant_id=owner)
    fleet.plan()
    began_ms = fleet.clock.wall_ms()
    outcome = await _work_off(fleet, workers)
    ended_ms = max(item.get("ended_at_ms", began_ms) for item in fleet.table.items.values())
    return Outcome((ended_ms - began_ms) / 1000, *outcome)


async def _work_off(fleet: Fleet, workers: int) -> tuple[int, float, int, Counter[str]]:
    """Have each worker take the next task as soon as it is free."""
    loop, repairs = asyncio.get_running_loop(), Counter[str]()
    busy, requests = list[float](), list[int]()

    async def work() -> None:
        while fleet.queue.waiting:
            task, worker, began_s = fleet.queue.waiting.pop(0), _Worker(), loop.time()
            repairs.update(await fleet.run(task, worker.offload, _connector(fleet, worker)))
            busy.append(loop.time() - began_s)
            requests.append(worker.requests)

    await asyncio.gather(*(work() for _ in range(workers)))
    return len(busy), sum(busy), sum(requests), repairs


def _connector(fleet: Fleet, worker: _Worker) -> Any:
    async def connect(tenant_id: str | None, _: Any) -> SlowLiveKit:
        return SlowLiveKit(
            _LIVEKIT_S, hangs=fleet.projects[tenant_id].hangs, before=lambda: worker.request(0)
        )

    return connect
