"""Composition root of `test_dialer`: builds lane runs on a simulated LiveKit, and the simulation itself."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from functions.call_resources import CallResources
from functions.lane_runs import LaneRunFactory
from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.erase_call import erase_linked_items
from trunkline.call_control.livekit_events import LiveKitEventHandler, RoomActions
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core.clock import Clock
from trunkline.core.settings import TestDialerSettings
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dialer.lane_run import StopReason
from trunkline.simulator.livekit import SimulatedLiveKit
from trunkline.simulator.player import SimulationPlayer
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

_THREADS = 8
_NO_ROOMS = RoomActions(
    hang_up=lambda _: None,
    close_room=lambda _: None,
    agent_is_in=lambda _: False,
    dispatch_again=lambda _: None,
    check_at=lambda *_: None,
)


def build_player(table: Table, notifier: LaneNotifier, clock: Clock) -> SimulationPlayer:
    """Build the simulation of test calls; `notifier` wakes trunks after their changes."""
    calls = CallRepository(table)
    alive = LaneLeaseRepository(table, clock).run_is_alive
    # Simulated agents read no context and report no variables, so this cipher is never used.
    unused_cipher = EnvelopeCipher("")
    reports = AgentReportService(
        calls=calls,
        transcripts=TranscriptRepository(table),
        workflows=WorkflowRepository(table),
        user_contexts=UserContextRepository(table, unused_cipher),
        states=WorkflowStateRepository(table, unused_cipher, WorkflowRepository(table)),
        clock=clock,
        run_is_alive=alive,
        close_room=lambda *_: None,
        erase=lambda call_id: erase_linked_items(table, call_id),
    )
    return SimulationPlayer(
        calls, LiveKitEventHandler(calls, notifier, clock, alive, _NO_ROOMS), reports, clock
    )


class TestDialerProcess:
    """One process: its clients and threads, shared by its wake-ups."""

    __test__ = False

    def __init__(self, settings: TestDialerSettings, log: Logger) -> None:
        self._resources = CallResources.open(settings, log)
        self._runs = LaneRunFactory(self._resources, _THREADS)

    async def serve(self, wake: DialWakeup, run_id: str) -> StopReason | None:
        """Serve one wake-up."""
        if wake.watchdog and not await self._runs.offload(self._resources.lanes.is_orphaned, wake.trunk_id):
            return None
        resources, notifier = self._resources, self._resources.new_notifier()
        livekit = SimulatedLiveKit(resources.calls, resources.clock, self._runs.offload)
        simulation = build_player(resources.table, notifier, resources.clock)
        run = self._runs.build(run_id, livekit, lambda _: "", notifier, simulation)
        return await run.serve(wake)
