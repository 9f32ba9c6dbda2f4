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
    """Collect once a second, unless the last INVITE (monotonic seconds) was a moment ago."""
    gc.disable()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        if time.monotonic() - last_invite_s() > _IDLE_S:
            gc.collect()
