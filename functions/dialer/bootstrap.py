"""Composition root of `dialer`: builds lane runs on clients that stay warm between wake-ups."""

from __future__ import annotations

from functools import partial

import aiohttp
from aws_lambda_powertools import Logger

from functions.call_resources import CallResources
from functions.lane_runs import LaneRunFactory
from trunkline.call_control.call_checks import CallCheckQueue
from trunkline.core import aws_clients
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.core.settings import DialerSettings
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import StopReason
from trunkline.livekit.client import LiveKitClient, dial_token, open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.projects import ProjectRegistry

_THREADS = 16


class DialerProcess:
    """One dialer process: clients, threads and warm connections, shared by its wake-ups."""

    def __init__(self, settings: DialerSettings, log: Logger) -> None:
        self._resources = CallResources.open(settings, log)
        self._runs = LaneRunFactory(self._resources, _THREADS)
        self._projects = ProjectRegistry.open(self._resources.table, settings, self._resources.clock)
        sqs, clock = aws_clients.client("sqs"), self._resources.clock
        self._checks = CallCheckQueue(sqs, settings.call_check_queue_url, clock, log)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def serve(self, wake: DialWakeup, run_id: str) -> StopReason | None:
        """Serve one wake-up; without a LiveKit project the calls wait, and the reconciler wakes them."""
        if wake.watchdog and not await self._runs.offload(self._resources.lanes.is_orphaned, wake.trunk_id):
            return None
        try:
            trunk = await self._runs.offload(self._resources.trunks.load, wake.trunk_id)
            credentials = await self._runs.offload(self._projects.for_trunk, trunk)
        except LiveKitNotConfigured:
            self._resources.log.error("LiveKit is not configured", trunk_id=wake.trunk_id)
            return StopReason.NOT_CONFIGURED
        livekit = LiveKitClient(credentials, self._session(credentials))
        sign = partial(dial_token, credentials)
        notifier = self._resources.new_notifier()
        run = self._runs.build(run_id, livekit, sign, notifier, check_at=self._checks.send)
        stop = await run.serve(wake)
        if stop is StopReason.REFUSED:
            # The next run tries the credentials as they are then, so that new ones work at once.
            self._projects.forget(credentials.tenant_id)
        return stop

    def _session(self, credentials: LiveKitCredentials) -> aiohttp.ClientSession:
        """Return the warm session: guarded for tenants' own projects, unguarded for the deployment's."""
        guarded = credentials.address_policy is not None
        if guarded not in self._sessions:
            self._sessions[guarded] = open_session_for(credentials)
        return self._sessions[guarded]
