"""The pace on the wire: busiest sliding second and share of the budget used, beside BullMQ's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median

import httpx

from benchmarks import bullmq
from benchmarks.capture import InviteCapture
from benchmarks.line import Line, Paced
from benchmarks.plot import plot
from benchmarks.stalls import StallWatch
from benchmarks.table import Row
from local.config import ROOT
from local.deployment import client
from local.stack import Stack

MIN_EFFICIENCY = 0.96
PLOT = ROOT / "docs" / "pacing.svg"
_PLOTTED_CPS = 20
_CATCHES_UP_S = 20
_RUNS = {50: 7}
"""At 50 CPS one stall of a shared machine costs a run its figure: there the median counts."""

# What others measured with 30 ms jobs: starts in the busiest sliding second, share of the budget.
_CELERY = {20: "Celery 20 at 65 %", 50: "Celery 50 at 6 %"}
_BULLMQ = {5: "BullMQ 6", 20: "BullMQ 40", 50: "BullMQ 100"}


def pacing_rows(stack: Stack, paces: dict[int, int]) -> list[Row]:
    """For each pace: so many calls in the line, three wakes at once; BullMQ with as many jobs and workers."""
    httpx.put(f"{stack.config.livekit[0]}/_control/agents/at-once", json={"joins_after_s": 0})
    rows = []
    for cps, count in paces.items():
        times = _RUNS.get(cps, 1)
        with fanout_paused(stack) if times > 1 else nullcontext():
            runs = [_run(stack, cps, count) for _ in range(times)]
        theirs = bullmq.run(cps, count)
        rows.append(_row(cps, count, runs, theirs))
        if times > 1:
            rows.append(_crowded_row(cps, count, [_run(stack, cps, count) for _ in range(times)]))
        if cps == _PLOTTED_CPS:
            PLOT.write_text(
                plot(
                    cps, {"Trunkline": runs[0].seen.times_s, **({"BullMQ": theirs.times_s} if theirs else {})}
                )
            )
    return rows


@dataclass(frozen=True)
class _Run:
    """What the carrier saw of one run, and the longest that a core kept a waking thread waiting meanwhile."""

    seen: Paced
    stalled_s: float
    sent: Paced | None

    @property
    def on_the_wire(self) -> Paced:
        """As the INVITEs left their sender, where that could be captured; else as the stand-in saw them."""
        return self.sent or self.seen


def _crowded_row(cps: int, count: int, runs: list[_Run]) -> Row:
    """The same with the fan-out of the calls' events on the same cores; on AWS it has its own."""
    row = _row(cps, count, runs, None)
    return Row(f"{row.what}, events fanned out on the same cores", row.figure, "", row.ratio)


@contextmanager
def fanout_paused(stack: Stack) -> Iterator[None]:
    """Leave the stream unread for a while; what it tells is fanned out afterwards."""
    lambda_ = client(stack.config, "lambda")
    found = lambda_.list_event_source_mappings(FunctionName="trunkline-local-event-fanout")
    mapping = found["EventSourceMappings"][0]["UUID"]
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
        time.sleep(_CATCHES_UP_S)


def _run(stack: Stack, cps: int, count: int) -> _Run:
    line = Line(stack, cps)
    line.fill(count)
    with StallWatch() as watch, InviteCapture(stack.config.livekit_port) as capture:
        line.wake()
        line.wait(60 + 2 * count / cps, quiet_s=count / cps)
    sent = Paced(sorted(capture.times_s)) if capture.times_s is not None else None
    return _Run(line.seen(), watch.longest_s, sent)


def _row(cps: int, count: int, runs: list[_Run], theirs: Paced | None) -> Row:
    """The median of the runs' efficiencies, and the busiest second of all."""
    efficiencies = sorted(run.on_the_wire.efficiency(cps) for run in runs)
    efficiency, busiest = median(efficiencies), max(run.on_the_wire.busiest_second() for run in runs)
    figure = f"{count} INVITEs, busiest second {busiest}, {efficiency:.1%} used"
    received = max(run.seen.busiest_second() for run in runs)
    if any(run.sent for run in runs) and received != busiest:
        figure += f" (the stand-in saw {received})"
    if len(runs) > 1:
        figure += f" (median of {len(runs)}; {efficiencies[0]:.1%} to {efficiencies[-1]:.1%})"
    figure += f"; a core was late by up to {max(run.stalled_s for run in runs) * 1000:.0f} ms"
    beside = _BULLMQ.get(cps, "") + " (measured elsewhere)" if cps in _BULLMQ else ""
    if theirs:
        beside = f"BullMQ here: {theirs.busiest_second()}, {theirs.efficiency(cps):.1%}"
    beside = "; ".join(text for text in (beside, _CELERY.get(cps, "")) if text)
    once = all(len(run.seen.times_s) == len(run.on_the_wire.times_s) == count for run in runs)
    kept = busiest <= cps and efficiency >= MIN_EFFICIENCY and once
    bound = f"≤ {cps}, ≥ {MIN_EFFICIENCY:.0%}"
    return Row(f"{count} calls at {cps} CPS", figure, beside, efficiency, bound, kept)
