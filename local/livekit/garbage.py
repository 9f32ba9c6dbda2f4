"""Collects garbage only while nobody dials: the INVITE log is the oracle for pacing, and a collection
would note an INVITE a tenth of a second late."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

_LOOK_EVERY_S = 1.0
_IDLE_S = 2.0


async def collect_when_idle(last_invite_s: Callable[[], float]) -> None:
    """Collect once after each time of dialling, a moment after its last INVITE (monotonic seconds).

    Not again and again: the next INVITE might come just then.
    """
    gc.freeze()
    gc.disable()
    collected_s = 0.0
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        last_s = last_invite_s()
        if collected_s < last_s < time.monotonic() - _IDLE_S:
            gc.collect()
            collected_s = last_s
