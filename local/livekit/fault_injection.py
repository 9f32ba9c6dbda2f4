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
        self._planned: dict[tuple[str, str], tuple[FaultMode, int]] = {}
        self._running: set[asyncio.Task[object]] = set()

    def plan(self, method: str, how: FaultMode, times: int, about: str = "") -> None:
        """Make the next `times` requests of a method fail; with `about`, those that name this room, trunk or
        agent."""
        self._planned[method, about] = (how, times)

    def _next_fault(self, method: str, message: str) -> FaultMode | None:
        for (planned_method, about), (how, times) in self._planned.items():
            if planned_method == method and about in message and times > 0:
                self._planned[planned_method, about] = (how, times - 1)
                return how
        return None

    async def apply(self, method: str, message: str, request: web.Request, work: Awaitable[Result]) -> Result:
        """Do the work of a request, or apply the planned fault; `message` is the request as text.

        Raises:
            TwirpError: the fault is an error.
        """
        self.requests += 1
        how = self._next_fault(method, message)
        if how is None:
            return await work
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
