"""What can be seen of a running stack from outside: its function processes, and the carrier's log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import psutil

from local.stack import Stack


def function_processes(stack: Stack, name: str = "") -> list[psutil.Process]:
    """The processes of a function, or of all."""
    found = []
    for process in psutil.Process(stack.processes.pids()["emulator"]).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may have ended meanwhile
            if f"local-{name}" in " ".join(process.cmdline()):
                found.append(process)
    return found


MAX_MEMORY_MB = 700
_SETTLES_WITHIN_S = 75


def memory_mb(stack: Stack) -> dict[str, float]:
    """Proportional memory by process: what processes share is counted once."""
    held: dict[str, float] = {}
    for pid in stack.processes.pids().values():
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                name = f"{process.pid} {' '.join(process.cmdline())[-60:]}"
                held[name] = process.memory_full_info().pss / 1e6
    return held


def settled_memory_mb(stack: Stack) -> dict[str, float]:
    """Memory once the function instances that a burst left behind are gone, which takes the emulator 45 s;
    more than `MAX_MEMORY_MB` in all if it does not come down to that."""
    deadline_s = time.monotonic() + _SETTLES_WITHIN_S
    while sum((held := memory_mb(stack)).values()) >= MAX_MEMORY_MB and time.monotonic() < deadline_s:
        time.sleep(1)
    return held


def busiest_second(times_s: Iterable[float]) -> int:
    """The most starts in any sliding second."""
    times = sorted(times_s)
    most, first = 0, 0
    for last, time_s in enumerate(times):
        while times[first] <= time_s - 1:
            first += 1
        most = max(most, last - first + 1)
    return most
