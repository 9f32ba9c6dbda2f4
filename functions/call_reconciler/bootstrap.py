"""Composition root of `call_reconciler`: the clients of a process, and what its tasks are run with."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from functools import partial

from aws_lambda_powertools import Logger

from functions.call_resources import CallResources
from functions.test_dialer.bootstrap import build_player
from trunkline.call_control.call_checks import CallCheckQueue
from trunkline.core import aws_clients
from trunkline.core.item_guard import ItemGuard
from trunkline.core.metrics import MetricWriter
from trunkline.core.settings import CallReconcilerSettings
from trunkline.core.threads import ThreadRunner
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.client import LiveKitClient, open_session_for
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.livekit.silence import ProjectSilence
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.reconciler.progress import ProgressRepository
from trunkline.reconciler.task_runner import TaskRunner
from trunkline.reconciler.tasks import RepairTask, RepairTaskQueue
from trunkline.simulator.livekit import SimulatedLiveKit
from trunkline.statistics.repairs import RepairLog

_THREADS = 16


class CallReconcilerProcess:
    """One process: its clients live as long as it does, its LiveKit sessions one task."""

    def __init__(self, settings: CallReconcilerSettings, log: Logger, meter: MetricWriter) -> None:
        self._resources = CallResources.open(settings, log)
        table, clock = self._resources.table, self._resources.clock
        self._offload = ThreadRunner(_THREADS)
        self._registry = ProjectRegistry.open(table, settings, clock)
        sqs = aws_clients.client("sqs")
        simulated = SimulatedLiveKit(self._resources.calls, clock, self._offload)
        checks = CallCheckQueue(sqs, settings.call_check_queue_url, clock, log)
        phone = self._phone_reconciler(simulated, checks, meter)
        frame = CallRepairFrame(
            phone.calls, phone.notifier, clock, self._offload, log, checks.send, record=phone.record_repair
        )
        self._runner = TaskRunner(
            phone=phone,
            frame=frame,
            simulated=simulated,
            progress=ProgressRepository(table, clock),
            queue=RepairTaskQueue(sqs, settings.repair_queue_url),
            connect=self._connect,
            owner_of_call=self._registry.owner_of_call,
            silence=partial(ProjectSilence, table, clock, self._offload),
        )

    async def run(self, task: RepairTask) -> Counter[str]:
        """Run a task, and return its repairs."""
        return await self._runner.run(task)

    def _phone_reconciler(
        self, livekit: SimulatedLiveKit, checks: CallCheckQueue, meter: MetricWriter
    ) -> PhoneCallReconciler:
        resources, notifier = self._resources, self._resources.new_notifier()
        guard = ItemGuard("reconciler", resources.log)
        line = DialQueue(resources.table, guard)
        return PhoneCallReconciler(
            calls=resources.calls,
            lanes=resources.lanes,
            queue=line,
            checkpoints=QueueCheckpoints(resources.table, line),
            trunks=resources.trunks,
            wakes=resources.wakes,
            notifier=notifier,
            livekit=livekit,
            simulation=build_player(resources.table, notifier, resources.clock),
            clock=resources.clock,
            offload=self._offload,
            log=resources.log,
            guard=guard,
            check_at=checks.send,
            meter=meter,
            record_repair=RepairLog(resources.table, resources.clock, resources.log).record,
        )

    async def _connect(self, tenant_id: str | None, sessions: AsyncExitStack) -> LiveKitClient:
        """Open a client; without a project no call can be looked up, but calls still expire."""
        try:
            credentials = await self._offload(self._registry.for_owner, tenant_id)
        except Exception as error:
            raise LiveKitUnavailable(type(error).__name__) from error
        return LiveKitClient(credentials, await sessions.enter_async_context(open_session_for(credentials)))
