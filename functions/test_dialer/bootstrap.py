"""Builds a lane run whose LiveKit is played, and the player that goes on with its calls."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.erase_call import erase_linked_items
from trunkline.call_control.livekit_events import LiveKitEventHandler, RoomActions
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core import aws_clients
from trunkline.core.clock import Clock, SystemClock
from trunkline.core.settings import TestDialerSettings
from trunkline.core.threads import ThreadRunner
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup, WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.pacing import StartHistory, Timing
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.context import DialerContext
from trunkline.dialer.lane_run import LaneRun, RunLimits, StopReason
from trunkline.simulator.livekit import SimulatedLiveKit
from trunkline.simulator.player import SimulationPlayer
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

_THREADS = 8
_NOTHING_THERE = RoomActions(
    hang_up=lambda _: None,
    close_room=lambda _: None,
    agent_is_in=lambda _: False,
    dispatch_again=lambda _: None,
)


def build_player(table: Table, notifier: LaneNotifier, clock: Clock) -> SimulationPlayer:
    """The player of a process: it needs the table, and wakes for what its calls leave behind."""
    calls = CallRepository(table)
    alive = LaneLeaseRepository(table, clock).run_is_alive
    nobody = EnvelopeCipher("")  # played agents ask for no context and report no variables: it is never used
    reports = AgentReportService(
        calls=calls,
        transcripts=TranscriptRepository(table),
        workflows=WorkflowRepository(table),
        user_contexts=UserContextRepository(table, nobody),
        states=WorkflowStateRepository(table, nobody, WorkflowRepository(table)),
        clock=clock,
        run_is_alive=alive,
        close_room=lambda *_: None,
        erase=lambda call_id: erase_linked_items(table, call_id),
    )
    return SimulationPlayer(
        calls, LiveKitEventHandler(calls, notifier, clock, alive, _NOTHING_THERE), reports, clock
    )


class TestDialerProcess:
    """One process: its clients and threads, shared by its wakes."""

    __test__ = False

    def __init__(self, settings: TestDialerSettings, log: Logger) -> None:
        self._table = Table(aws_clients.client("dynamodb"), settings.table_name)
        self._clock = SystemClock()
        self._log = log
        self._offload = ThreadRunner(_THREADS)
        self._timing = Timing()
        self._compliance = CompliancePolicy(self._table, self._clock)
        self._wakes = WakeQueue.open(settings)

    async def serve(self, wake: DialWakeup, run_id: str) -> StopReason | None:
        """Serve one wake."""
        calls, trunks = CallRepository(self._table), TrunkRepository(self._table)
        notifier = LaneNotifier(self._wakes, self._clock, self._log, trunks.granted_ids)
        context = DialerContext(
            run_id=run_id,
            starts=StartHistory(),
            timing=self._timing,
            calls=calls,
            livekit=SimulatedLiveKit(calls, self._clock, self._offload),
            sign_dial_token=lambda _: "",
            notifier=notifier,
            compliance=self._compliance,
            clock=self._clock,
            offload=self._offload,
            log=self._log,
        )
        run = LaneRun(
            context=context,
            lanes=LaneLeaseRepository(self._table, self._clock),
            queue=DialQueue(self._table),
            trunks=trunks,
            wakes=self._wakes,
            limits=RunLimits(),
            simulation=build_player(self._table, notifier, self._clock),
        )
        return await run.serve(wake)
