"""Builds a lane run from a process's clients: what is warm stays warm from one wake to the next."""

from __future__ import annotations

from functools import partial

import aiohttp
from aws_lambda_powertools import Logger

from trunkline.calls.repository import CallRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.core.settings import DialerSettings
from trunkline.core.threads import ThreadRunner
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup, WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.pacing import StartHistory, Timing
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.context import DialerContext
from trunkline.dialer.lane_run import LaneRun, RunLimits, StopReason
from trunkline.livekit.client import LiveKitClient, dial_token, open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.projects import ProjectRegistry
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository

_THREADS = 16


class DialerProcess:
    """One dialer process: clients, threads and warm connections, shared by its wakes."""

    def __init__(self, settings: DialerSettings, log: Logger) -> None:
        table = Table(aws_clients.client("dynamodb"), settings.table_name)
        self._clock = SystemClock()
        self._log = log
        self._offload = ThreadRunner(_THREADS)
        self._timing = Timing()
        self._calls = CallRepository(table)
        self._lanes = LaneLeaseRepository(table, self._clock)
        self._line = DialQueue(table)
        self._trunks = TrunkRepository(table)
        self._wakes = WakeQueue.open(settings)
        self._compliance = CompliancePolicy(table, self._clock)
        self._projects = ProjectRegistry.open(table, settings, self._clock)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def serve(self, wake: DialWakeup, run_id: str) -> StopReason | None:
        """Serve one wake; without a LiveKit project the calls wait, and the reconciler wakes them."""
        try:
            trunk = await self._offload(self._trunks.load, wake.trunk_id)
            credentials = await self._offload(self._projects.for_trunk, trunk)
        except LiveKitNotConfigured:
            self._log.error("LiveKit is not configured", trunk_id=wake.trunk_id)
            return StopReason.BLOCKED
        livekit = LiveKitClient(credentials, self._session(credentials))
        context = DialerContext(
            run_id=run_id,
            starts=StartHistory(),
            timing=self._timing,
            calls=self._calls,
            livekit=livekit,
            sign_dial_token=partial(dial_token, credentials),
            compliance=self._compliance,
            notifier=LaneNotifier(self._wakes, self._clock, self._log, self._trunks.granted_ids),
            clock=self._clock,
            offload=self._offload,
            log=self._log,
        )
        run = LaneRun(
            context=context,
            lanes=self._lanes,
            queue=self._line,
            trunks=self._trunks,
            wakes=self._wakes,
            limits=RunLimits(),
        )
        return await run.serve(wake)

    def _session(self, credentials: LiveKitCredentials) -> aiohttp.ClientSession:
        """Warm connections are kept: guarded ones to what tenants brought, others to the deployment's."""
        guarded = credentials.address_policy is not None
        if guarded not in self._sessions:
            self._sessions[guarded] = open_session_for(credentials)
        return self._sessions[guarded]
