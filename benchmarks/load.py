"""Long lines, many unanswered dials, hand-overs: what they cost, and whom they hold up."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from benchmarks.line import Line
from benchmarks.main_job import Client, until_invited
from benchmarks.table import Row, ms, p50
from local.deployment import client
from local.probes import function_processes
from local.stack import Stack

SHORT, LONG = 100, 10_000
URGENT = 25
RINGS_ON = "+15550100003"
MAX_DEPTH_RATIO, MAX_WAIT_RATIO = 1.1, 2.0
MAX_DIALER_MB = 256


def depth_rows(stack: Stack, tenant: Client) -> list[Row]:
    """What a line of 10,000 does to an urgent call of its own trunk, and to a call of another trunk."""
    idle = until_invited(stack, tenant, stack.seed.agent_id)
    urgent, beside = {}, idle
    for depth in (SHORT, LONG):
        line = Line(stack, 5)
        line.fill(depth)
        line.wake()
        time.sleep(2)
        urgent[depth] = [line.urgent_until_invited() for _ in range(URGENT)]
        beside = until_invited(stack, tenant, stack.seed.agent_id) if depth == LONG else beside
        line.pause()
    short, long = p50(urgent[SHORT]), p50(urgent[LONG])
    ratio, wait = long / short, p50(beside) / p50(idle)
    return [
        Row(
            f"urgent call → INVITE, {LONG} waiting before it",
            f"p50 {ms(long)}",
            f"{SHORT} waiting: {ms(short)}",
            ratio,
            f"≤ {MAX_DEPTH_RATIO}",
            ratio <= MAX_DEPTH_RATIO,
        ),
        Row(
            f"POST → INVITE, {LONG} waiting on another trunk",
            f"p50 {ms(p50(beside))}",
            f"idle {ms(p50(idle))}",
            wait,
            f"≤ {MAX_WAIT_RATIO:.0f}",
            wait <= MAX_WAIT_RATIO,
        ),
    ]


@dataclass(frozen=True)
class Size:
    """What a dialer process held at its largest."""

    memory_mb: float = 0
    descriptors: int = 0


class Watch(threading.Thread):
    """Looks at the dialer processes until stopped."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack = stack
        self._done = threading.Event()
        self.largest = Size()

    def run(self) -> None:
        while not self._done.wait(0.2):
            for process in function_processes(self._stack, "dialer"):
                with contextlib.suppress(psutil.Error):
                    self._note(process)

    def _note(self, process: psutil.Process) -> None:
        memory_mb, descriptors = process.memory_info().rss / 1e6, process.num_fds()
        self.largest = Size(
            max(memory_mb, self.largest.memory_mb), max(descriptors, self.largest.descriptors)
        )

    def stop(self) -> Size:
        self._done.set()
        self.join()
        return self.largest


def unanswered_row(stack: Stack) -> Row:
    """400 dials that ring on, in one invocation."""
    line = Line(stack, 100, ring_timeout_s=20)
    line.fill(400, RINGS_ON)
    watch = Watch(stack)
    watch.start()
    line.wake(1)
    line.wait(120)
    size = watch.stop()
    invites = len(line.seen().times_s)
    kept = size.memory_mb <= MAX_DIALER_MB and invites == 400
    figure = f"{size.memory_mb:.0f} MB, {size.descriptors} descriptors, {invites} INVITEs"
    return Row("400 unanswered dials in one dialer", figure, "", None, f"≤ {MAX_DIALER_MB} MB", kept)


def handover_row(stack: Stack) -> Row:
    """100 CPS for 20 s, each call ringing for 30 s: a run hands over at 400 unanswered dials."""
    calls, cps = 2000, 100
    line = Line(stack, cps, ring_timeout_s=30)
    line.fill(calls, RINGS_ON)
    with lanes(stack, 10):
        line.wake()
        line.wait(300)
    seen = line.seen()
    rooms = Counter(line.rooms())
    doubled, lost = sum(count - 1 for count in rooms.values()), calls - len(rooms)
    busiest, efficiency = seen.busiest_second(), seen.efficiency(cps)
    figure = f"{lost} lost, {doubled} doubled, busiest second {busiest}, {efficiency:.1%} used"
    kept = (lost, doubled) == (0, 0) and busiest <= cps
    return Row(f"{calls} calls at {cps} CPS, 30 s of ringing", figure, "", efficiency, f"0, 0, ≤ {cps}", kept)


@contextmanager
def lanes(stack: Stack, count: int) -> Iterator[None]:
    """Give the dialer more invocations for a while than the local stage has."""
    lambda_, name = client(stack.config, "lambda"), "trunkline-local-dialer"
    source = lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"][0]
    before = lambda_.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]

    def allow(number: int) -> None:
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)
        scaling = {"MaximumConcurrency": number}
        lambda_.update_event_source_mapping(UUID=source["UUID"], ScalingConfig=scaling)

    allow(count)
    try:
        yield
    finally:
        allow(before)
