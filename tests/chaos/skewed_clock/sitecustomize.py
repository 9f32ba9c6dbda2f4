"""A wall clock that is wrong, in each process by another amount: Python imports this file at its start.

The standard library alone: it runs in the functions' processes.
"""

from __future__ import annotations

import os
import random
import time

_real_ns = time.time_ns
_MAX_S = float(os.environ.get("CHAOS_CLOCK_SKEW_S", "0"))
SKEW_NS = int(random.Random(os.getpid()).uniform(-_MAX_S, _MAX_S) * 1e9)


def _skewed_ns() -> int:
    return _real_ns() + SKEW_NS


def _skewed_s() -> float:
    return _skewed_ns() / 1e9


time.time_ns = _skewed_ns
time.time = _skewed_s
