"""What can be seen of a running stack from outside: its function processes, and the carrier's log."""

from __future__ import annotations

import contextlib
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


def busiest_second(times_s: Iterable[float]) -> int:
    """The most starts in any sliding second."""
    times = sorted(times_s)
    most, first = 0, 0
    for last, time_s in enumerate(times):
        while times[first] <= time_s - 1:
            first += 1
        most = max(most, last - first + 1)
    return most
