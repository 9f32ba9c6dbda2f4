"""Injected faults: requests that are reset, hang, or fail with an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal, TypeVar

from aiohttp import web

from local.livekit.twirp import TwirpError

FaultMode = Literal["reset_before", "reset_after", "hang_after", "error_before", "error_after"]
_WORK_S = 0.3
"""How long the work may take before the response is lost."""

_HANG_S = 120
Result = TypeVar("Result")


class FaultInjector:
    """The planned faults of each method: `…_before` the work is done, or `…_after` it."""

    def __init__(self) -> None:
        self.requests = 0
        """The number of requests so far, with and without faults."""
        self._planned: dict[str, tuple[FaultMode, int]] = {}
        self._running: set[asyncio.Task[object]] = set()

    def plan(self, method: str, how: FaultMode, times: int) -> None:
        """Make the next `times` requests of a method fail."""
        self._planned[method] = (how, times)

    async def apply(self, method: str, request: web.Request, work: Awaitable[Result]) -> Result:
        """Do the work of a request, or apply the planned fault.

        Raises:
            TwirpError: the fault is an error.
        """
        self.requests += 1
        how, times = self._planned.get(method, ("reset_before", 0))
        if times <= 0:
            return await work
        self._planned[method] = (how, times - 1)
        task = asyncio.ensure_future(work)
        if how.endswith("_before"):
            task.cancel()
        else:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            await asyncio.sleep(_WORK_S)
        if how == "hang_after":
            await asyncio.sleep(_HANG_S)
        if how.startswith("reset") and request.transport:
            request.transport.abort()
        raise TwirpError("internal", "twirp error unknown: injected fault")
