"""Counts AWS calls where they pass, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from local.intercepting_proxy import Exchange, InterceptingProxy, routed_through
from local.stack import Stack

_FUNCTIONS = ("api", "agent-api", "dialer", "livekit-events")


class Counting(InterceptingProxy):
    """Counts requests by operation."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.calls: Counter[str] = Counter()

    async def intercept(self, exchange: Exchange) -> web.Response:
        self.calls[exchange.operation] += 1
        return await exchange.forward()


@contextmanager
def counted(stack: Stack) -> Iterator[Counting]:
    """Send the functions' AWS calls through a counting proxy for a while."""
    counting = Counting(stack.config.emulator_url)
    with routed_through(stack, counting, _FUNCTIONS):
        yield counting
