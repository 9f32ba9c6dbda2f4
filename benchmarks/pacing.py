"""Accuracy of the pace: the most INVITEs in any second, and the share of the budget that is used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median

import httpx

from benchmarks import bullmq
from benchmarks.packet_capture import InviteCapture
from benchmarks.plot import plot
from benchmarks.queue import BenchmarkTrunk, CallStarts
from benchmarks.results import Row
from benchmarks.scheduling_delay import DelayProbe
from local.config import ROOT
from local.deployment import client
from local.stack import Stack

MIN_EFFICIENCY = 0.96
PLOT = ROOT / "docs" / "pacing.svg"
_PLOTTED_CPS = 20
_CATCH_UP_S = 20
_REPETITIONS = {50: 7}
"""At 50 CPS one scheduling delay of a shared machine spoils a run, so the median of several runs counts."""

# Measured by others with jobs of 30 ms: the most starts in any sliding second, and the share of the budget.
_CELERY = {20: "Celery 20 at 65 %", 50: "Celery 50 at 6 %"}
_BULLMQ = {5: "BullMQ 6", 20: "BullMQ 40", 50: "BullMQ 100"}


def pacing_rows(stack: Stack, calls_by_cps: dict[int, int]) -> list[Row]:
    """Measure each pace with queued calls and three wake-ups at once, next to BullMQ with as many jobs."""
    httpx.put(f"{stack.config.livekit[0]}/_control/agents/at-once", json={"joins_after_s": 0})
    rows = []
    for cps, count in calls_by_cps.items():
        repetitions = _REPETITIONS.get(cps, 1)
        with fanout_paused(stack) if repetitions > 1 else nullcontext():
            runs = [_run(stack, cps, count) for _ in range(repetitions)]
        bullmq_starts = bullmq.run(cps, count)
        rows.append(_row(cps, count, runs, bullmq_starts))
        if repetitions > 1:
            rows.append(_row_with_fanout(cps, count, [_run(stack, cps, count) for _ in range(repetitions)]))
        if cps == _PLOTTED_CPS:
            times_s = {"Trunkline": runs[0].received.times_s}
            times_s |= {"BullMQ": bullmq_starts.times_s} if bullmq_starts else {}
            PLOT.write_text(plot(cps, times_s))
    return rows


@dataclass(frozen=True)
class _Run:
    """The INVITEs of one run as received and as sent, and the longest scheduling delay meanwhile.

    `sent` is None without permission to capture packets.
    """

    received: CallStarts
    max_delay_s: float
    sent: CallStarts | None

    @property
    def starts(self) -> CallStarts:
        """The INVITEs as they were sent if that is known, else as they were received."""
        return self.sent or self.received


def _row_with_fanout(cps: int, count: int, runs: list[_Run]) -> Row:
    """Show runs during which events were fanned out on the same cores; on AWS the fan-out has its own."""
    row = _row(cps, count, runs, None)
    return Row(f"{row.name}, with event fan-out on the same cores", row.value, "", row.ratio)


@contextmanager
def fanout_paused(stack: Stack) -> Iterator[None]:
    """Stop reading the stream while the block runs, then let the fan-out catch up."""
    lambda_ = client(stack.config, "lambda")
    mappings = lambda_.list_event_source_mappings(FunctionName="trunkline-local-event-fanout")
    mapping_id = mappings["EventSourceMappings"][0]["UUID"]
    lambda_.update_event_source_mapping(UUID=mapping_id, Enabled=False)
    try:
        yield
    finally:
        lambda_.update_event_source_mapping(UUID=mapping_id, Enabled=True)
        time.sleep(_CATCH_UP_S)


def _run(stack: Stack, cps: int, count: int) -> _Run:
    trunk = BenchmarkTrunk(stack, cps)
    trunk.enqueue(count)
    with DelayProbe() as probe, InviteCapture(stack.config.livekit_port) as capture:
        trunk.wake_dialer()
        trunk.wait_until_idle(60 + 2 * count / cps, quiet_s=count / cps)
    sent = CallStarts(sorted(capture.times_s)) if capture.times_s is not None else None
    return _Run(trunk.starts(), probe.longest_s, sent)


def _row(cps: int, count: int, runs: list[_Run], bullmq_starts: CallStarts | None) -> Row:
    """Show the median efficiency of the runs, and the busiest second of all runs."""
    efficiency = median(run.starts.efficiency(cps) for run in runs)
    busiest = max(run.starts.max_in_a_second() for run in runs)
    is_exact = all(len(run.received.times_s) == len(run.starts.times_s) == count for run in runs)
    is_met = busiest <= cps and efficiency >= MIN_EFFICIENCY and is_exact
    target = f"at most {cps} a second, ≥ {MIN_EFFICIENCY:.0%}"
    value = _value(cps, count, runs)
    return Row(f"{count} calls at {cps} CPS", value, _others(cps, bullmq_starts), efficiency, target, is_met)


def _value(cps: int, count: int, runs: list[_Run]) -> str:
    efficiencies = sorted(run.starts.efficiency(cps) for run in runs)
    busiest = max(run.starts.max_in_a_second() for run in runs)
    value = f"{count} INVITEs, at most {busiest} a second, {median(efficiencies):.1%} of the budget"
    received = max(run.received.max_in_a_second() for run in runs)
    if any(run.sent for run in runs) and received != busiest:
        value += f" (the stand-in received {received} a second)"
    if len(runs) > 1:
        value += f" (median of {len(runs)}; {efficiencies[0]:.1%} to {efficiencies[-1]:.1%})"
    return value + f"; scheduling delay up to {max(run.max_delay_s for run in runs) * 1000:.0f} ms"


def _others(cps: int, bullmq_starts: CallStarts | None) -> str:
    texts = [_BULLMQ[cps] + " (measured elsewhere)"] if cps in _BULLMQ else []
    if bullmq_starts:
        texts = [f"BullMQ here: {bullmq_starts.max_in_a_second()}, {bullmq_starts.efficiency(cps):.1%}"]
    return "; ".join([*texts, *([_CELERY[cps]] if cps in _CELERY else [])])
