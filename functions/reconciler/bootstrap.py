"""Builds the reconciler's pass from a process's clients: each LiveKit project is looked after by itself."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import AsyncExitStack

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from functions.test_dialer.bootstrap import build_player
from trunkline.batches.repository import BatchRepository
from trunkline.batches.state_machine import BatchStateMachine
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.core.settings import ReconcilerSettings
from trunkline.core.threads import ThreadRunner
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.client import LiveKitClient, LiveKitUnavailable, open_session_for
from trunkline.livekit.fail_fast import FailFastLiveKit
from trunkline.livekit.projects import ProjectRegistry
from trunkline.reconciler.batches import BatchReconciler
from trunkline.reconciler.deliveries import DeliveryReconciler
from trunkline.reconciler.phone_calls import PhoneCallReconciler, ReconcilerLiveKit
from trunkline.reconciler.web_calls import WebCallReconciler
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.simulator.livekit import SimulatedLiveKit
from trunkline.storage.table import Table
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.state_machine import DeliveryStateMachine

_THREADS = 16


class ReconcilerProcess:
    """One reconciler process: its clients live as long as it does, its LiveKit sessions one pass."""

    def __init__(self, settings: ReconcilerSettings, log: Logger) -> None:
        self._table = Table(aws_clients.client("dynamodb"), settings.table_name)
        self._clock = SystemClock()
        self._projects = ProjectRegistry.open(self._table, settings, self._clock)
        self._calls, self._trunks = CallRepository(self._table), TrunkRepository(self._table)
        self._wakes = WakeQueue.open(settings)
        self._notifier = LaneNotifier(self._wakes, self._clock, log, self._trunks.granted_ids)
        self._player = build_player(self._table, self._notifier, self._clock)
        self._offload = ThreadRunner(_THREADS)
        self._log = log
        flow = DeliveryStateMachine(aws_clients.client("stepfunctions"), settings.delivery_flow_arn)
        self._deliveries = DeliveryReconciler(DeliveryRepository(self._table), flow, self._clock, log)
        batch_flow = BatchStateMachine(lambda: aws_clients.client("stepfunctions"), settings.batch_flow_arn)
        self._batches = BatchReconciler(BatchRepository(self._table), batch_flow, self._clock, log)
        self._schedules = ScheduleSync.open(self._table, settings, self._clock, log)

    async def reconcile(self) -> Counter[str]:
        """Make one pass: projects side by side, so that one that does not answer holds up no other."""
        repairs: Counter[str] = Counter()
        async with AsyncExitStack() as sessions:
            opened: dict[str | None, FailFastLiveKit] = {}

            def project(tenant_id: str | None) -> FailFastLiveKit:
                if tenant_id not in opened:
                    opened[tenant_id] = FailFastLiveKit(lambda: self._client(tenant_id, sessions))
                return opened[tenant_id]

            async def for_call(call: Call) -> FailFastLiveKit:
                return project(await self._offload(self._projects.owner_of_call, call))

            web = WebCallReconciler(self._calls, for_call, self._clock, self._offload, self._log)
            played = SimulatedLiveKit(self._calls, self._clock, self._offload)
            passes = [
                self._reconciler(played if is_test else project(tenant_id)).reconcile(states, repairs)
                for (tenant_id, is_test), states in (await self._by_project()).items()
            ]
            await asyncio.gather(
                *passes,
                web.reconcile(repairs),
                self._offload(self._deliveries.reconcile, repairs),
                self._offload(self._schedules.reconcile, repairs),
                self._offload(self._batches.reconcile, repairs),
            )
        return repairs

    async def _by_project(self) -> dict[tuple[str | None, bool], list[TrunkState]]:
        found: dict[tuple[str | None, bool], list[TrunkState]] = defaultdict(list)
        for trunk_id in await self._offload(self._trunks.ids):
            if state := await self._state(trunk_id):
                found[(state.declared.livekit_tenant_id, state.declared.test)].append(state)
        return found

    async def _state(self, trunk_id: str) -> TrunkState | None:
        """A trunk that can't be read is left to the next pass: the others have their repairs."""
        try:
            state: TrunkState | None = await self._offload(self._trunks.state, trunk_id)
        except (BotoCoreError, ClientError) as error:
            self._log.error("trunk not read", trunk_id=trunk_id, cause=type(error).__name__)
            return None
        return state

    async def _client(self, tenant_id: str | None, sessions: AsyncExitStack) -> LiveKitClient:
        """Without a project nothing can be looked up, but calls still expire."""
        try:
            credentials = await self._offload(self._projects.for_owner, tenant_id)
        except LiveKitNotConfigured as error:
            raise LiveKitUnavailable("not configured") from error
        return LiveKitClient(credentials, await sessions.enter_async_context(open_session_for(credentials)))

    def _reconciler(self, livekit: ReconcilerLiveKit) -> PhoneCallReconciler:
        line = DialQueue(self._table)
        return PhoneCallReconciler(
            calls=self._calls,
            lanes=LaneLeaseRepository(self._table, self._clock),
            queue=line,
            checkpoints=QueueCheckpoints(self._table, line),
            trunks=self._trunks,
            wakes=self._wakes,
            notifier=self._notifier,
            livekit=livekit,
            simulation=self._player,
            clock=self._clock,
            offload=self._offload,
            log=self._log,
        )
