"""Probes of a running stack: its function processes, their memory, and the rate of calls."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import psutil

from local.stack import Stack

MAX_MEMORY_MB = 700
_SETTLE_TIMEOUT_S = 75
_MEMORY_POLL_INTERVAL_S = 1


def function_processes(stack: Stack, name: str = "") -> list[psutil.Process]:
    """Return the processes of one function, or of all functions."""
    found = []
    for process in psutil.Process(stack.processes.pids()["emulator"]).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may have exited meanwhile
            if f"local-{name}" in " ".join(process.cmdline()):
                found.append(process)
    return found


def memory_mb(parents: Iterable[psutil.Process]) -> dict[str, float]:
    """Return the proportional set size (PSS) of processes and their children in MB."""
    pss_mb: dict[str, float] = {}
    for parent in parents:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in (parent, *parent.children(recursive=True)):
                name = f"{process.pid} {' '.join(process.cmdline())[-60:]}"
                pss_mb[name] = process.memory_full_info().pss / 1e6
    return pss_mb


def settled_memory_mb(stack: Stack) -> dict[str, float]:
    """Return the memory once the function instances of a burst are gone, which takes the emulator 45 s.

    The sum exceeds `MAX_MEMORY_MB` only if it has not come down within 75 s.
    """
    deadline_s = time.monotonic() + _SETTLE_TIMEOUT_S
    parents = [psutil.Process(pid) for pid in stack.processes.pids().values()]
    while sum((pss_mb := memory_mb(parents)).values()) >= MAX_MEMORY_MB and time.monotonic() < deadline_s:
        time.sleep(_MEMORY_POLL_INTERVAL_S)
    return pss_mb


def max_starts_in_a_second(times_s: Iterable[float]) -> int:
    """Return the highest number of starts in any sliding second."""
    times = sorted(times_s)
    most, first = 0, 0
    for last, time_s in enumerate(times):
        while times[first] <= time_s - 1:
            first += 1
        most = max(most, last - first + 1)
    return most
