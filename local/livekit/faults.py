"""What the stand-in does wrong when it is told to: LiveKit that resets, hangs or errs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal, TypeVar

from aiohttp import web

from local.livekit.twirp import TwirpFault

How = Literal["reset_before", "reset_after", "hang_after", "error_before", "error_after"]
_AFTER_S = 0.3
_HANG_S = 120
Answer = TypeVar("Answer")


class Faults:
    """Faults by method, each for so many requests. `before`: nothing was done; `after`: it was."""

    def __init__(self) -> None:
        self.requests = 0
        """How many were made, faulty or not."""
        self._planned: dict[str, tuple[How, int]] = {}
        self._going_on: set[asyncio.Task[object]] = set()

    def plan(self, method: str, how: How, times: int) -> None:
        """Go wrong in this way for the method's next requests."""
        self._planned[method] = (how, times)

    async def apply(self, method: str, request: web.Request, work: Awaitable[Answer]) -> Answer:
        """Do the work, or go wrong before or after it."""
        self.requests += 1
        how, times = self._planned.get(method, ("reset_before", 0))
        if times <= 0:
            return await work
        self._planned[method] = (how, times - 1)
        task = asyncio.ensure_future(work)
        if how.endswith("_before"):
            task.cancel()
        else:
            self._going_on.add(task)
            task.add_done_callback(self._going_on.discard)
            await asyncio.sleep(_AFTER_S)
        if how == "hang_after":
            await asyncio.sleep(_HANG_S)
        if how.startswith("reset") and request.transport:
            request.transport.abort()
        raise TwirpFault("internal", "twirp error unknown: told to err")
