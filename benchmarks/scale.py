"""Behaviour with long queues, many unanswered calls, and hand-overs between dialers."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from benchmarks.call_latency import TenantClient, invite_latencies_s
from benchmarks.queue import BenchmarkTrunk
from benchmarks.results import Row, ms, p50
from local.deployment import client
from local.probes import function_processes
from local.stack import Stack

SHORT, LONG = 100, 10_000
"""Lengths of a queue."""

URGENT_CALLS = 25
NEVER_ANSWERS = "+15550100003"
MAX_LENGTH_RATIO, MAX_WAIT_RATIO = 1.1, 2.0
MAX_DIALER_MB = 256
UNANSWERED_CALLS = 400


def queue_length_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Measure an urgent call behind 10,000 calls, and a call on another trunk meanwhile."""
    idle_s = invite_latencies_s(stack, tenant, stack.seed.agent_id)
    urgent_s, other_trunk_s = {}, idle_s
    for length in (SHORT, LONG):
        trunk = BenchmarkTrunk(stack, 5)
        trunk.enqueue(length)
        trunk.wake_dialer()
        time.sleep(2)
        urgent_s[length] = [trunk.urgent_invite_latency_s() for _ in range(URGENT_CALLS)]
        if length == LONG:
            other_trunk_s = invite_latencies_s(stack, tenant, stack.seed.agent_id)
        trunk.pause()
    short_s, long_s = p50(urgent_s[SHORT]), p50(urgent_s[LONG])
    length_ratio, wait_ratio = long_s / short_s, p50(other_trunk_s) / p50(idle_s)
    return [
        Row(
            f"urgent call to INVITE, {LONG} calls in its queue",
            f"p50 {ms(long_s)}",
            f"{SHORT} calls: {ms(short_s)}",
            length_ratio,
            f"≤ {MAX_LENGTH_RATIO}",
            length_ratio <= MAX_LENGTH_RATIO,
        ),
        Row(
            f"POST to INVITE, {LONG} calls in the queue of another trunk",
            f"p50 {ms(p50(other_trunk_s))}",
            f"idle {ms(p50(idle_s))}",
            wait_ratio,
            f"≤ {MAX_WAIT_RATIO:.0f}",
            wait_ratio <= MAX_WAIT_RATIO,
        ),
    ]


@dataclass(frozen=True)
class ProcessSize:
    """The highest resident memory and number of file descriptors of a process."""

    memory_mb: float = 0
    descriptors: int = 0


class DialerProbe(threading.Thread):
    """Samples the size of the dialer processes until it is stopped."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack = stack
        self._stopped = threading.Event()
        self._largest = ProcessSize()

    def run(self) -> None:
        while not self._stopped.wait(0.2):
            for process in function_processes(self._stack, "dialer"):
                with contextlib.suppress(psutil.Error):
                    self._record(process)

    def _record(self, process: psutil.Process) -> None:
        memory_mb, descriptors = process.memory_info().rss / 1e6, process.num_fds()
        self._largest = ProcessSize(
            max(memory_mb, self._largest.memory_mb), max(descriptors, self._largest.descriptors)
        )

    def stop(self) -> ProcessSize:
        """Stop sampling, and return the largest size."""
        self._stopped.set()
        self.join()
        return self._largest


def unanswered_row(stack: Stack) -> Row:
    """Measure a dialer with 400 calls that nobody answers."""
    trunk = BenchmarkTrunk(stack, 100, ring_timeout_s=20)
    trunk.enqueue(UNANSWERED_CALLS, NEVER_ANSWERS)
    probe = DialerProbe(stack)
    probe.start()
    trunk.wake_dialer(1)
    trunk.wait_until_idle(120)
    size = probe.stop()
    invites = len(trunk.starts().times_s)
    is_met = size.memory_mb <= MAX_DIALER_MB and invites == UNANSWERED_CALLS
    value = f"{size.memory_mb:.0f} MB, {size.descriptors} file descriptors, {invites} INVITEs"
    name = f"{UNANSWERED_CALLS} unanswered calls in one dialer"
    return Row(name, value, "", None, f"≤ {MAX_DIALER_MB} MB", is_met)


def handover_row(stack: Stack) -> Row:
    """Measure 100 CPS for 20 s with 30 s of ringing: a dialer hands over at 400 unanswered calls."""
    calls, cps = 2000, 100
    trunk = BenchmarkTrunk(stack, cps, ring_timeout_s=30)
    trunk.enqueue(calls, NEVER_ANSWERS)
    with dialer_concurrency(stack, 10):
        trunk.wake_dialer()
        trunk.wait_until_idle(300)
    starts = trunk.starts()
    rooms = Counter(trunk.rooms())
    duplicates, lost = sum(count - 1 for count in rooms.values()), calls - len(rooms)
    busiest, efficiency = starts.max_in_a_second(), starts.efficiency(cps)
    value = (
        f"{lost} lost, {duplicates} duplicates, at most {busiest} a second, {efficiency:.1%} of the budget"
    )
    is_met = (lost, duplicates) == (0, 0) and busiest <= cps
    name = f"{calls} calls at {cps} CPS, 30 s of ringing"
    return Row(name, value, "", efficiency, f"0, 0, ≤ {cps}", is_met)


@contextmanager
def dialer_concurrency(stack: Stack, count: int) -> Iterator[None]:
    """Set the concurrency of the dialer while the block runs."""
    lambda_, name = client(stack.config, "lambda"), "trunkline-local-dialer"
    source = lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"][0]
    original = lambda_.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]

    def set_concurrency(number: int) -> None:
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)
        scaling = {"MaximumConcurrency": number}
        lambda_.update_event_source_mapping(UUID=source["UUID"], ScalingConfig=scaling)

    set_concurrency(count)
    try:
        yield
    finally:
        set_concurrency(original)
