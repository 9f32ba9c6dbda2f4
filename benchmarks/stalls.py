"""How late a core of this machine was: a pace measured in such a moment tells of the machine."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType

_NAP_S = 0.002


class StallWatch:
    """Sleeps 2 ms at a time on every core while its block runs; `longest_s` is how late a wake was."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=(core,), daemon=True)
            for core in sorted(os.sched_getaffinity(0))
        ]

    def __enter__(self) -> StallWatch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, core: int) -> None:
        os.sched_setaffinity(0, {core})  # of this thread alone
        while not self._over.is_set():
            began_s = time.monotonic()
            time.sleep(_NAP_S)
            self.longest_s = max(self.longest_s, time.monotonic() - began_s - _NAP_S)
