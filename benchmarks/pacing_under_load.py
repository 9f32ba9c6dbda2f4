"""The pace at the receiver while other work takes every core: the most INVITEs in any second, by its clock.

The receiver of the INVITE requests is the stand-in. Its log says when it read each of them, and a packet
capture on the loopback interface when each of them arrived at its socket. The SIP INVITEs behind them leave
LiveKit's SIP service, which is not part of this.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from benchmarks.packet_capture import InviteCapture
from benchmarks.queue import BenchmarkTrunk, CallStarts
from benchmarks.results import Row
from benchmarks.scheduling_delay import DelayProbe
from local.stack import Stack

CPS = 10
CALLS = 150
BURNERS_PER_CORE = 2


def loaded_pacing_rows(stack: Stack) -> list[Row]:
    """Dial at a pace, first on the machine as it is, then with busy processes on every core."""
    httpx.put(f"{stack.config.livekit[0]}/_control/agents/at-once", json={"joins_after_s": 0})
    idle = _row(stack, f"{CALLS} calls at {CPS} CPS, at the receiver")
    with _busy_cores():
        name = f"{CALLS} calls at {CPS} CPS, at the receiver, {BURNERS_PER_CORE} busy processes a core"
        return [idle, _row(stack, name)]


def _row(stack: Stack, name: str) -> Row:
    trunk = BenchmarkTrunk(stack, CPS)
    trunk.enqueue(CALLS)
    with DelayProbe() as probe, InviteCapture(stack.config.livekit_port) as capture:
        trunk.wake_dialer()
        trunk.wait_until_idle(180 + 2 * CALLS / CPS, quiet_s=CALLS / CPS)
    read = trunk.starts()
    arrived = CallStarts(sorted(capture.times_s)) if capture.times_s else read
    busiest = arrived.max_in_a_second()
    load = f"load {os.getloadavg()[0]:.0f}, scheduling delay up to {probe.longest_s * 1000:.0f} ms"
    value = (
        f"{len(read.times_s)} INVITEs, at most {busiest} a second on arrival, "
        f"{read.max_in_a_second()} as they were read; {arrived.efficiency(CPS):.1%} of the budget; {load}"
    )
    is_met = busiest <= CPS and len(read.times_s) == CALLS
    return Row(name, value, "", busiest / CPS, f"at most {CPS} a second", is_met)


@contextmanager
def _busy_cores() -> Iterator[None]:
    """Keep every core busy while the block runs."""
    context = multiprocessing.get_context("spawn")
    count = BURNERS_PER_CORE * len(os.sched_getaffinity(0))
    burners = [context.Process(target=_burn, daemon=True) for _ in range(count)]
    for burner in burners:
        burner.start()
    time.sleep(1)
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.join()


def _burn() -> None:
    while True:
        sum(range(10_000))
