"""Composition root of `call_check`: the reconciler's repair of one call, with the project of its room."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aws_lambda_powertools import Logger

from functions.call_resources import CallResources
from trunkline.calls.models import Call
from trunkline.calls.value_objects import Channel
from trunkline.core.item_guard import ItemGuard
from trunkline.core.settings import LiveKitWebhookSettings
from trunkline.core.threads import ThreadRunner
from trunkline.livekit.client import LiveKitClient, open_session_for
from trunkline.livekit.projects import ProjectRegistry
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.phone_call_repair import PhoneCallRepair
from trunkline.reconciler.web_calls import WebCallReconciler
from trunkline.statistics.repairs import RepairLog

_THREADS = 2


class CallCheckProcess:
    """One process: its clients live as long as it does, its LiveKit session one check."""

    def __init__(self, settings: LiveKitWebhookSettings, log: Logger) -> None:
        self._resources = CallResources.open(settings, log)
        self._projects = ProjectRegistry.open(self._resources.table, settings, self._resources.clock)
        self._offload = ThreadRunner(_THREADS)
        self._log = log

    async def check(self, call_id: str) -> str | None:
        """Repair a live call, and return the name of the repair; the simulation looks after test calls."""
        call: Call | None = await self._offload(self._resources.calls.load, call_id)
        if call is None or call.is_terminal or not call.livemode:
            return None
        async with AsyncExitStack() as sessions:
            credentials = await self._offload(self._projects.for_call, call)
            session = await sessions.enter_async_context(open_session_for(credentials))
            livekit = LiveKitClient(credentials, session)
            if call.channel is Channel.WEB:
                return await self._web(livekit).repair(call_id)
            return await self._phone(livekit).repair(call_id)

    def _frame(self) -> CallRepairFrame:
        resources = self._resources
        return CallRepairFrame(
            resources.calls,
            resources.new_notifier(),
            resources.clock,
            self._offload,
            self._log,
            record=RepairLog(resources.table, resources.clock, self._log).record,
        )

    def _phone(self, livekit: LiveKitClient) -> PhoneCallRepair:
        return PhoneCallRepair(self._frame(), self._resources.lanes, livekit)

    def _web(self, livekit: LiveKitClient) -> WebCallReconciler:
        async def same_project(_: Call) -> LiveKitClient:
            return livekit

        return WebCallReconciler(self._frame(), same_project, ItemGuard("call_check", self._log))
