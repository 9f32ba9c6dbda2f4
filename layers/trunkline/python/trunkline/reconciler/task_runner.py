"""Runner of a pass's tasks: some trunks, some lanes of web calls, or a range of the calls of one lane."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property

from trunkline.calls.models import WEB_LANES, Call
from trunkline.core.metrics import OLDEST_UNREPAIRED
from trunkline.livekit.fail_fast import PhoneLookups, Silence
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.open_calls import OpenCalls
from trunkline.reconciler.overdue import OverdueGauge
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.reconciler.progress import Progress, ProgressRepository
from trunkline.reconciler.projects import Connect, TaskProjects
from trunkline.reconciler.tasks import CallRange, RepairTask, RepairTaskQueue
from trunkline.reconciler.walks import SharedWalks
from trunkline.reconciler.web_calls import WebCallReconciler
from trunkline.trunks.models import TrunkState

STALE_MS = 3 * 60_000
"""A shard's task that is older is left out: newer ones follow it."""


@dataclass(frozen=True)
class TaskRunner:
    """Runs tasks; `phone` and `frame` are what each of them makes its own reconcilers of.

    `simulated` is the LiveKit of test trunks.
    """

    phone: PhoneCallReconciler
    frame: CallRepairFrame
    simulated: PhoneLookups
    progress: ProgressRepository
    queue: RepairTaskQueue
    connect: Connect
    owner_of_call: Callable[[Call], str | None]
    silence: Callable[[str | None], Silence]

    async def run(self, task: RepairTask) -> Counter[str]:
        """Run a task, and return its repairs; a message that is late or repeated does nothing."""
        clock, offload = self.frame.clock, self.frame.offload
        if task.calls is None and clock.wall_ms() - task.planned_ms > STALE_MS:
            self.frame.log.warning("task left out", shard=task.group)
            return Counter()
        if task.calls and not await offload(self.progress.is_pending, task.calls):
            return Counter()
        async with AsyncExitStack() as sessions:
            run = _TaskRun(self, sessions, await offload(self.progress.read))
            if task.calls:
                await run.look_at_calls(task.calls, task.group)
            else:
                await run.look_at_lanes(task.lanes)
        if task.calls is None:
            await offload(self.progress.record_look, task.group, task.planned_ms)
        self.phone.meter.add(OLDEST_UNREPAIRED, run.overdue.oldest_ms / 1000)
        return run.repairs


@dataclass(frozen=True)
class _TaskRun:
    """What lives as long as one task."""

    runner: TaskRunner
    sessions: AsyncExitStack
    known: Progress
    repairs: Counter[str] = field(default_factory=Counter)
    overdue: OverdueGauge = field(default_factory=OverdueGauge)

    async def look_at_lanes(self, lanes: Sequence[str]) -> None:
        """Look at trunks and lanes of web calls, all projects side by side: none of them delays another."""
        web_lanes = [lane for lane in lanes if lane in WEB_LANES]
        trunk_ids = [lane for lane in lanes if lane not in WEB_LANES]
        parts = [self._web.reconcile(self.repairs, web_lanes)] if web_lanes else []
        projects = (await self._by_project(trunk_ids)).values()
        parts += [self._phone(states[0]).reconcile(states, self.repairs) for states in projects]
        await asyncio.gather(*(self._guarded(part) for part in parts))

    async def look_at_calls(self, part: CallRange, group: str) -> None:
        """Look at a range of the calls of one lane, and forget it if nothing of it is left."""
        runner, offload = self.runner, self.runner.frame.offload
        if part.lane in WEB_LANES:
            is_done = await self._web.reconcile_range(part, self.repairs)
        else:
            state: TrunkState | None = await offload(runner.phone.trunks.state, part.lane)
            is_done = state is None or await self._phone(state, group).reconcile_range(
                state, part, self.repairs
            )
        if is_done:
            await offload(runner.progress.finish, part)

    async def _guarded(self, part: Awaitable[None]) -> None:
        with self.runner.phone.guard.item("part"):
            await part

    async def _by_project(self, trunk_ids: Sequence[str]) -> dict[tuple[str | None, bool], list[TrunkState]]:
        found: dict[tuple[str | None, bool], list[TrunkState]] = defaultdict(list)
        phone = self.runner.phone
        for trunk_id in trunk_ids:
            with phone.guard.item("trunk", trunk_id):
                if state := await phone.offload(phone.trunks.state, trunk_id):
                    found[(state.declared.livekit_tenant_id, state.declared.test)].append(state)
        return found

    @cached_property
    def _projects(self) -> TaskProjects:
        runner = self.runner
        return TaskProjects(
            runner.connect, runner.owner_of_call, runner.silence, runner.frame.offload, self.sessions
        )

    @cached_property
    def _looks(self) -> OpenCalls:
        runner, frame = self.runner, self.runner.frame
        walks = SharedWalks(runner.progress, runner.queue, frame.clock, self.known)
        return OpenCalls(frame.calls, frame.offload, runner.phone.guard, walks)

    @cached_property
    def _web(self) -> WebCallReconciler:
        frame = replace(self.runner.frame, overdue=self.overdue)
        return WebCallReconciler(frame, self._projects.of_call, self.runner.phone.guard, self._looks)

    def _phone(self, state: TrunkState, group: str = "") -> PhoneCallReconciler:
        """Build the reconciler of the project of a trunk."""
        tenant_id, is_test = state.declared.livekit_tenant_id, state.declared.test
        livekit = self.runner.simulated if is_test else self._projects.of_tenant(tenant_id)
        group = group or tenant_id or "deployment"
        return replace(
            self.runner.phone, livekit=livekit, looks=self._looks, overdue=self.overdue, group=group
        )
