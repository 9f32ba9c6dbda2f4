"""Phone call reconciler: repairs calls, slots and wake-ups that were lost, once a minute (rule 16).

Every write is conditional on the version read before the look-up, so that a change in between always wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aws_lambda_powertools import Logger

from trunkline.calls.models import RECONCILER_REACH_MS, Call
from trunkline.calls.repository import CallRepository
from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard
from trunkline.core.metrics import MetricWriter
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup, WakeQueue, WakeupNotSent
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.dialer.queue_reader import enqueue_due_calls
from trunkline.dialer.simulation_hook import Simulation
from trunkline.livekit.fail_fast import PhoneLookups
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.line_metrics import LineMetrics
from trunkline.reconciler.open_calls import OpenCalls, RepairCall
from trunkline.reconciler.overdue import OverdueGauge
from trunkline.reconciler.phone_call_repair import PhoneCallRepair
from trunkline.reconciler.tasks import CallRange
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


@dataclass(frozen=True)
class PhoneCallReconciler:
    """Reconciles the trunks of one LiveKit project; `offload` runs a blocking call outside the event loop.

    `group` names the project among the messages by which calls are handed to other invocations.
    """

    calls: CallRepository
    lanes: LaneLeaseRepository
    queue: DialQueue
    checkpoints: QueueCheckpoints
    trunks: TrunkRepository
    wakes: WakeQueue
    notifier: LaneNotifier
    livekit: PhoneLookups
    simulation: Simulation
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    log: Logger
    guard: ItemGuard
    check_at: Callable[[str, int], None] = lambda *_: None
    meter: MetricWriter = field(default_factory=lambda: MetricWriter("reconciler"))
    looks: OpenCalls | None = None
    overdue: OverdueGauge = field(default_factory=OverdueGauge)
    group: str = "deployment"
    record_repair: Callable[[Call, str], None] = lambda *_: None

    @cached_property
    def _call_repair(self) -> PhoneCallRepair:
        frame = CallRepairFrame(
            calls=self.calls,
            notifier=self.notifier,
            clock=self.clock,
            offload=self.offload,
            log=self.log,
            check_at=self.check_at,
            overdue=self.overdue,
            record=self.record_repair,
        )
        return PhoneCallRepair(frame, self.lanes, self.livekit)

    @cached_property
    def _looks(self) -> OpenCalls:
        return self.looks or OpenCalls(self.calls, self.offload, self.guard)

    @cached_property
    def _line_metrics(self) -> LineMetrics:
        return LineMetrics(self.queue, self.lanes, self.trunks, self.clock, self.offload, self.meter)

    async def reconcile(self, states: Iterable[TrunkState], repairs: Counter[str]) -> None:
        """Repair the trunks' calls and wake unserved trunks; count each repair in `repairs`."""
        for state in states:
            with self.guard.item("trunk", state.declared.id):
                if not await self.offload(self._is_idle, state):
                    await self._reconcile_trunk(state, repairs)
        self.meter.flush()

    async def reconcile_range(self, state: TrunkState, part: CallRange, repairs: Counter[str]) -> bool:
        """Repair a range of a trunk's calls; return whether nothing of it is left."""
        return await self._looks.look_at_range(part, self.group, self._repair(state, repairs))

    def _is_idle(self, state: TrunkState) -> bool:
        """Tell whether nothing of a trunk is open: three small reads, for most trunks at most times."""
        if self.calls.open_calls.has_any(state.declared.id):
            return False
        return not any(next(self.trunks.slots(pool), None) for pool in state.pools())

    async def _reconcile_trunk(self, state: TrunkState, repairs: Counter[str]) -> None:
        """Take each step by itself: one that fails keeps neither the others nor other trunks from theirs."""
        trunk_id, guard = state.declared.id, self.guard
        with guard.item("simulation", trunk_id):
            if state.declared.test:
                await self.offload(self.simulation.advance, trunk_id)
        with guard.item("calls", trunk_id):
            await self._repair_calls(state, repairs)
        for pool in state.pools():
            with guard.item("slots", pool):
                await self._free_orphaned_slots(pool, trunk_id, repairs)
        with guard.item("due_calls", trunk_id):
            await self._release_due(trunk_id, repairs)
        waiting = 0
        for tenant_id in state.tenants:
            with guard.item("checkpoints", tenant_id):
                waiting += await self.offload(self.checkpoints.update, trunk_id, tenant_id)
        with guard.item("line", trunk_id):
            await self._wake_if_unserved(state, repairs)
        with guard.item("line_metrics", trunk_id):
            await self._line_metrics.measure(state, waiting)

    async def _repair_calls(self, state: TrunkState, repairs: Counter[str]) -> None:
        repair = self._repair(state, repairs)
        await self._looks.look_at_lane(state.declared.id, self.clock.wall_ms(), self.group, repair)

    def _repair(self, state: TrunkState, repairs: Counter[str]) -> RepairCall:
        async def repair(call: Call) -> None:
            with self.guard.item("call", call.id):
                if name := await self._call_repair.repair(call.id, state, call):
                    repairs[name] += 1

        return repair

    async def _free_orphaned_slots(self, pool: str, trunk_id: str, repairs: Counter[str]) -> None:
        """Free the slots of claims that have ended, which their transaction should have freed (rule 15)."""
        for call_id, claim in await self.offload(lambda: list(self.trunks.slots(pool))):
            with self.guard.item("slot", call_id):
                if await self._free_if_over(pool, trunk_id, call_id, claim):
                    repairs["slot_freed"] += 1

    async def _free_if_over(self, pool: str, trunk_id: str, call_id: str, claim: int) -> bool:
        """Free one slot, unless its claim goes on or a leg of its unconfirmed end may be left."""
        call = await self.offload(self.calls.load, call_id)
        if call is None or (call.claim, pool in call.slots) != (claim, True):
            await self.offload(self.trunks.free_slot, pool, call_id, claim)
            return True
        if call.trunk_id != trunk_id and self.clock.wall_ms() < (call.hard_end_ms or 0):
            return False  # only the pass of its own trunk can ask its LiveKit
        return call.may_have_leg_left and await self._call_repair.repair(call_id) is not None

    async def _release_due(self, trunk_id: str, repairs: Counter[str]) -> None:
        now_ms = self.clock.wall_ms()
        moved = await self.offload(enqueue_due_calls, self.calls, trunk_id, now_ms, self.guard)
        if moved:
            repairs["due_let_in"] += moved
        # SQS delays a message by 15 minutes at most: wake-ups for later times are sent from here.
        until_ms = self.clock.wall_ms() + RECONCILER_REACH_MS
        moments = await self.offload(self.calls.due_times, trunk_id, until_ms)
        for second in sorted({-(-moment_ms // 1000) for moment_ms in moments}):
            await self.offload(self.notifier.wake_at, trunk_id, second * 1000)

    async def _wake_if_unserved(self, state: TrunkState, repairs: Counter[str]) -> None:
        """Wake a trunk with waiting calls and no run; an extra wake-up does nothing."""
        trunk_id = state.declared.id
        now_ms = self.clock.wall_ms()
        if state.paused_because(now_ms):
            return
        if not await self.offload(
            self.queue.peek_tenants, trunk_id, state.tenants, 1, state.active_holds(now_ms)
        ):
            return
        if await self.offload(self.lanes.is_held, trunk_id):
            return
        try:
            await self.offload(self.wakes.send, DialWakeup(trunk_id))
            repairs["line_woken"] += 1
        except WakeupNotSent as error:
            self.log.error("wake not sent", trunk_id=trunk_id, cause=str(error))
