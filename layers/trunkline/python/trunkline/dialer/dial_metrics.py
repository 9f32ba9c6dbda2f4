"""Metrics of a lane run, collected while it dials and written once a minute.

Nothing here waits or fails a dial. Simulated calls are not measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.core.clock import Clock
from trunkline.core.metrics import (
    DIAL_STARTS,
    DIALS_ANSWERED,
    DIALS_BLOCKED,
    DIALS_TOO_FAST,
    DIALS_UNKNOWN,
    LANE_HANDOVERS,
    LIVEKIT_ERRORS,
    PACE_USED,
    POST_TO_INVITE,
    RING_TIME,
    SLOTS_MISSED,
    UNANSWERED_FOR,
    MetricWriter,
)
from trunkline.dial_queue.answer_gap import NO_GAP, AnswerGap
from trunkline.dial_queue.pace_window import PaceWindow
from trunkline.livekit.dial_result import DialResult, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.statistics.start_recorder import StartRecorder
from trunkline.trunks.models import TrunkState, is_test_trunk

WRITE_EVERY_S = 60
STARTS_EVERY_S = 1
"""How often starts are written, for charts that follow a trunk as it dials."""

_NO_ANSWER = "no_answer"
_COUNTED_AS = {DialResultKind.TOO_FAST: DIALS_TOO_FAST, DialResultKind.UNKNOWN: DIALS_UNKNOWN}
_COUNTED_AS_FAILED = {Reason.BLOCKED_BY_CARRIER: DIALS_BLOCKED}


class DialMetrics:
    """Measures one run. `gap` is the trunk's answer gap, which the lane stores.

    `starts` counts the INVITEs of each second, of test calls, too.
    """

    def __init__(
        self, clock: Clock, writer: MetricWriter | None = None, starts: StartRecorder | None = None
    ) -> None:
        self.gap = NO_GAP
        self._writer = writer or MetricWriter("dialer")
        self._clock = clock
        self._starts = starts
        self._window = PaceWindow()
        self._sent_ms: dict[tuple[str, int], int] = {}
        self._trunk_id: str | None = None

    def resume(self, gap: AnswerGap) -> None:
        """Continue the answer gap of the trunk's previous run."""
        self.gap = gap

    def look(self, state: TrunkState, *, waiting: bool) -> None:
        """Record a look at the line; `waiting` says that a call could be dialled now."""
        self._trunk_id = state.declared.id
        self._window.look(waiting=waiting, cps=state.trunk.cps, now_us=self._clock.monotonic_us())

    def started(self, call: Call) -> None:
        """Record an INVITE; it is called between the reading of the clock and the write to the socket."""
        now_ms = self._sent_ms[call.id, call.claim] = self._clock.wall_ms()
        self._window.start()
        if self._starts:
            self._starts.add(call, now_ms)
        if not call.livemode:
            return
        self._writer.add(DIAL_STARTS, trunk_id=call.trunk_id)
        if _was_dialled_at_once(call):
            self._writer.add(POST_TO_INVITE, now_ms - call.created_at_ms, trunk_id=call.trunk_id)

    def answered(self, call: Call, result: DialResult) -> None:
        """Record the answer to an INVITE, whatever it says."""
        sent_ms = self._sent_ms.pop((call.id, call.claim), None)
        if sent_ms is None or not call.livemode:
            return
        writer, trunk_id = self._writer, call.trunk_id
        if result.kind is DialResultKind.NOT_SENT:
            writer.add(LIVEKIT_ERRORS, code="not_sent")
            return
        if result.kind is DialResultKind.ANSWERED:
            writer.add(DIALS_ANSWERED, trunk_id=trunk_id)
            writer.add(RING_TIME, self._clock.wall_ms() - sent_ms)
            self.gap = NO_GAP
            return
        self.gap = self.gap.widened(sent_ms)
        failed_as = _COUNTED_AS_FAILED.get(result.reason) if result.reason else None
        if metric := failed_as or _COUNTED_AS.get(result.kind):
            writer.add(metric, trunk_id=trunk_id)

    def slot_missed(self, call: Call) -> None:
        """Record a start that came too late, so that nothing was sent."""
        if call.livemode:
            self._writer.add(SLOTS_MISSED, trunk_id=call.trunk_id)

    def livekit_failed(self, error: LiveKitUnavailable) -> None:
        """Record a request that LiveKit refused or did not answer."""
        self._writer.add(LIVEKIT_ERRORS, code=error.code or _NO_ANSWER)

    def handed_over(self) -> None:
        """Record that the run's time was up while there was work."""
        self._writer.add(LANE_HANDOVERS)

    async def write_regularly(self, offload: Callable[..., Awaitable[object]]) -> None:
        """Write what was measured, once a minute, and the starts once a second.

        Thousands of values take tens of milliseconds, for which a start must not wait: they are written by
        `offload`, outside the event loop.
        """
        while True:
            for _ in range(0, WRITE_EVERY_S, STARTS_EVERY_S):
                await asyncio.sleep(STARTS_EVERY_S)
                await self._write_starts(offload)
            self._measure_trunk()
            await offload(self._writer.flush)

    async def _write_starts(self, offload: Callable[..., Awaitable[object]]) -> None:
        if self._starts:
            await offload(self._starts.flush)

    def write(self) -> None:
        """Write what was measured, when nothing is dialled any more."""
        self._measure_trunk()
        self._writer.flush()
        if self._starts:
            self._starts.flush()

    def _measure_trunk(self) -> None:
        if self._trunk_id and not is_test_trunk(self._trunk_id):
            percent = self._window.take_percent()
            if percent is not None:
                self._writer.add(PACE_USED, percent, trunk_id=self._trunk_id)
            gap_s = self.gap.length_s(self._clock.wall_ms())
            self._writer.add(UNANSWERED_FOR, gap_s, trunk_id=self._trunk_id)


def _was_dialled_at_once(call: Call) -> bool:
    """Tell whether nothing but the line was between acceptance and INVITE: no schedule, batch or redial."""
    return call.earliest_at_ms is None and not call.is_batch and not call.attempts
