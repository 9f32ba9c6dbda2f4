"""Composition root of `reconciler`: builds a pass, with each LiveKit project on its own."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable
from contextlib import AsyncExitStack

from aws_lambda_powertools import Logger

from functions.call_resources import CallResources
from functions.test_dialer.bootstrap import build_player
from trunkline.batches.batch_executions import BatchStateMachine
from trunkline.batches.repository import BatchRepository
from trunkline.call_control.call_checks import CallCheckQueue
from trunkline.calls.models import Call
from trunkline.core import aws_clients
from trunkline.core.item_guard import ItemGuard
from trunkline.core.settings import ReconcilerSettings
from trunkline.core.threads import ThreadRunner
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.client import LiveKitClient, open_session_for
from trunkline.livekit.fail_fast import FailFastLiveKit, PhoneLookups
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.batches import BatchReconciler
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.deliveries import DeliveryReconciler
from trunkline.reconciler.phone_calls import PhoneCallReconciler
from trunkline.reconciler.web_calls import WebCallReconciler
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.simulator.livekit import SimulatedLiveKit
from trunkline.trunks.models import TrunkState
from trunkline.webhooks.delivery_executions import DeliveryStateMachine
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_starter import DeliveryStarter
from trunkline.webhooks.health_repository import EndpointHealthRepository

_THREADS = 16


class ReconcilerProcess:
    """One reconciler process: its clients live as long as it does, its LiveKit sessions one pass."""

    def __init__(self, settings: ReconcilerSettings, log: Logger) -> None:
        resources = self._resources = CallResources.open(settings, log)
        self._table, self._clock, self._log = resources.table, resources.clock, log
        self._notifier = resources.new_notifier()
        self._projects = ProjectRegistry.open(self._table, settings, self._clock)
        self._simulation = build_player(self._table, self._notifier, self._clock)
        self._offload = ThreadRunner(_THREADS)
        batch_flow = BatchStateMachine(lambda: aws_clients.client("stepfunctions"), settings.batch_flow_arn)
        self._guard = ItemGuard("reconciler", log)
        sqs = aws_clients.client("sqs")
        self._checks = CallCheckQueue(sqs, settings.call_check_queue_url, self._clock, log)
        self._deliveries = self._delivery_reconciler(settings)
        self._batches = BatchReconciler(BatchRepository(self._table), batch_flow, self._clock, self._guard)
        self._schedules = ScheduleSync.open(self._table, settings, self._clock, log)

    def _delivery_reconciler(self, settings: ReconcilerSettings) -> DeliveryReconciler:
        deliveries = DeliveryRepository(self._table)
        flow = DeliveryStateMachine(aws_clients.client("stepfunctions"), settings.delivery_flow_arn)
        starter = DeliveryStarter(deliveries, flow, self._clock, self._log)
        health = EndpointHealthRepository(self._table)
        return DeliveryReconciler(deliveries, health, starter, self._clock, self._guard)

    async def reconcile(self) -> Counter[str]:
        """Make one pass, all projects concurrently, so that one that does not answer delays no other."""
        repairs: Counter[str] = Counter()
        async with AsyncExitStack() as sessions:
            opened: dict[str | None, FailFastLiveKit] = {}

            def project(tenant_id: str | None) -> FailFastLiveKit:
                if tenant_id not in opened:
                    opened[tenant_id] = FailFastLiveKit(lambda: self._client(tenant_id, sessions))
                return opened[tenant_id]

            async def for_call(call: Call) -> FailFastLiveKit:
                return project(await self._offload(self._projects.owner_of_call, call))

            web = WebCallReconciler(self._frame(), for_call, self._guard)
            simulated = SimulatedLiveKit(self._resources.calls, self._clock, self._offload)
            passes = [
                self._reconciler(simulated if is_test else project(tenant_id)).reconcile(states, repairs)
                for (tenant_id, is_test), states in (await self._by_project()).items()
            ]
            parts = [
                *passes,
                web.reconcile(repairs),
                self._offload(self._deliveries.reconcile, repairs),
                self._offload(self._schedules.reconcile, repairs, self._guard),
                self._offload(self._batches.reconcile, repairs),
            ]
            await asyncio.gather(*(self._guarded(part) for part in parts))
        return repairs

    async def _guarded(self, part: Awaitable[None]) -> None:
        with self._guard.item("part"):
            await part

    async def _by_project(self) -> dict[tuple[str | None, bool], list[TrunkState]]:
        found: dict[tuple[str | None, bool], list[TrunkState]] = defaultdict(list)
        for trunk_id in await self._offload(self._resources.trunks.ids):
            with self._guard.item("trunk", trunk_id):
                if state := await self._offload(self._resources.trunks.state, trunk_id):
                    found[(state.declared.livekit_tenant_id, state.declared.test)].append(state)
        return found

    async def _client(self, tenant_id: str | None, sessions: AsyncExitStack) -> LiveKitClient:
        """Open a client; without a project no call can be looked up, but calls still expire."""
        try:
            credentials = await self._offload(self._projects.for_owner, tenant_id)
        except Exception as error:
            raise LiveKitUnavailable(type(error).__name__) from error
        return LiveKitClient(credentials, await sessions.enter_async_context(open_session_for(credentials)))

    def _frame(self) -> CallRepairFrame:
        return CallRepairFrame(
            self._resources.calls, self._notifier, self._clock, self._offload, self._log, self._checks.send
        )

    def _reconciler(self, livekit: PhoneLookups) -> PhoneCallReconciler:
        line = DialQueue(self._table, self._guard)
        return PhoneCallReconciler(
            calls=self._resources.calls,
            lanes=self._resources.lanes,
            queue=line,
            checkpoints=QueueCheckpoints(self._table, line),
            trunks=self._resources.trunks,
            wakes=self._resources.wakes,
            notifier=self._notifier,
            livekit=livekit,
            simulation=self._simulation,
            clock=self._clock,
            offload=self._offload,
            log=self._log,
            guard=self._guard,
            check_at=self._checks.send,
        )
