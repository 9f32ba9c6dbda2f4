"""The scheduling delay of this machine, which limits how exactly a pace can be measured."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType

_SLEEP_S = 0.002


class DelayProbe:
    """Sleeps 2 ms at a time on every core while the block runs; `longest_s` is the longest oversleep."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=(core,), daemon=True)
            for core in sorted(os.sched_getaffinity(0))
        ]

    def __enter__(self) -> DelayProbe:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, core: int) -> None:
        os.sched_setaffinity(0, {core})  # of this thread only
        while not self._stopped.is_set():
            started_s = time.monotonic()
            time.sleep(_SLEEP_S)
            self.longest_s = max(self.longest_s, time.monotonic() - started_s - _SLEEP_S)
