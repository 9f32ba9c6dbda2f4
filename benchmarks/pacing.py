"""The pace on the wire: busiest sliding second and share of the budget used, beside BullMQ's."""

from __future__ import annotations

import httpx

from benchmarks import bullmq
from benchmarks.line import Line, Paced
from benchmarks.plot import plot
from benchmarks.table import Row
from local.config import ROOT
from local.stack import Stack

MIN_EFFICIENCY = 0.96
PLOT = ROOT / "docs" / "pacing.svg"
_PLOTTED_CPS = 20
# What others measured with 30 ms jobs: starts in the busiest sliding second, share of the budget.
_CELERY = {20: "Celery 20 at 65 %", 50: "Celery 50 at 6 %"}
_BULLMQ = {5: "BullMQ 6", 20: "BullMQ 40", 50: "BullMQ 100"}


def pacing_rows(stack: Stack, paces: dict[int, int]) -> list[Row]:
    """For each pace: so many calls in the line, three wakes at once; BullMQ with as many jobs and workers."""
    httpx.put(f"{stack.config.livekit[0]}/_control/agents/at-once", json={"joins_after_s": 0})
    rows = []
    for cps, count in paces.items():
        line = Line(stack, cps)
        line.fill(count)
        line.wake()
        line.wait(60 + 2 * count / cps, quiet_s=count / cps)
        seen, theirs = line.seen(), bullmq.run(cps, count)
        rows.append(_row(cps, count, seen, theirs))
        if cps == _PLOTTED_CPS:
            PLOT.write_text(
                plot(cps, {"Trunkline": seen.times_s, **({"BullMQ": theirs.times_s} if theirs else {})})
            )
    return rows


def _row(cps: int, count: int, seen: Paced, theirs: Paced | None) -> Row:
    busiest, efficiency = seen.busiest_second(), seen.efficiency(cps)
    figure = f"{len(seen.times_s)} INVITEs, busiest second {busiest}, {efficiency:.1%} used"
    beside = _BULLMQ.get(cps, "") + " (measured elsewhere)" if cps in _BULLMQ else ""
    if theirs:
        beside = f"BullMQ here: {theirs.busiest_second()}, {theirs.efficiency(cps):.1%}"
    beside = "; ".join(text for text in (beside, _CELERY.get(cps, "")) if text)
    kept = busiest <= cps and efficiency >= MIN_EFFICIENCY and len(seen.times_s) == count
    bound = f"≤ {cps}, ≥ {MIN_EFFICIENCY:.0%}"
    return Row(f"{count} calls at {cps} CPS", figure, beside, efficiency, bound, kept)
