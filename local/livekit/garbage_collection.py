"""Garbage collection between calls only.

The INVITE log shows the pace of calls, and a collection would log an INVITE a tenth of a second late.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

_POLL_INTERVAL_S = 1.0
_MIN_IDLE_S = 2.0


async def collect_when_idle(last_invite_s: Callable[[], float]) -> None:
    """Collect garbage once after each series of INVITEs, 2 s after its last one (monotonic seconds).

    A repeated collection could coincide with the next INVITE.
    """
    gc.freeze()
    gc.disable()
    collected_s = 0.0
    while True:
        await asyncio.sleep(_POLL_INTERVAL_S)
        last_s = last_invite_s()
        if collected_s < last_s < time.monotonic() - _MIN_IDLE_S:
            gc.collect()
            collected_s = last_s
