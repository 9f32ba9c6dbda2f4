"""Lane run factory, shared by the dialer and the test dialer."""

from __future__ import annotations

from collections.abc import Callable

from functions.call_resources import CallResources
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.threads import ThreadRunner
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.pacing import Timing
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.start_history import StartHistory
from trunkline.dialer.context import DialerContext, DialerLiveKit
from trunkline.dialer.dial_metrics import DialMetrics
from trunkline.dialer.lane_run import LaneRun, RunLimits
from trunkline.dialer.simulation_hook import Simulation
from trunkline.statistics.repository import StatisticsRepository
from trunkline.statistics.start_recorder import StartRecorder
from trunkline.trunks.blocked_callers import BlockedCallers


class LaneRunFactory:
    """Builds the lane runs of one process; they share its threads and what it learnt about latencies."""

    def __init__(self, resources: CallResources, threads: int) -> None:
        self.offload = ThreadRunner(threads)
        self._resources = resources
        self._timing = Timing()
        self._compliance = CompliancePolicy(resources.table, resources.clock)
        self._starts = StartRecorder(StatisticsRepository(resources.table), resources.log)

    def build(
        self,
        run_id: str,
        livekit: DialerLiveKit,
        sign_dial_token: Callable[[float], str],
        notifier: LaneNotifier,
        simulation: Simulation | None = None,
        check_at: Callable[[str, int], None] = lambda *_: None,
    ) -> LaneRun:
        """Build one run; `simulation` drives the calls of a test trunk."""
        resources = self._resources
        context = DialerContext(
            run_id=run_id,
            starts=StartHistory(),
            metrics=DialMetrics(resources.clock, starts=self._starts),
            timing=self._timing,
            calls=resources.calls,
            livekit=livekit,
            sign_dial_token=sign_dial_token,
            compliance=self._compliance,
            notifier=notifier,
            clock=resources.clock,
            offload=self.offload,
            log=resources.log,
            check_at=check_at,
            record_block=BlockedCallers(resources.table, resources.clock).record,
        )
        return LaneRun(
            context=context,
            lanes=resources.lanes,
            queue=DialQueue(resources.table),
            trunks=resources.trunks,
            limits=RunLimits(),
            simulation=simulation,
        )
