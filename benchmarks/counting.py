"""Counts AWS calls where they pass, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from local.stack import Stack
from local.wire import Passing, Wire, through

_FUNCTIONS = ("api", "agent-api", "dialer", "livekit-webhook")


class Counting(Wire):
    """Counts requests by operation."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.calls: Counter[str] = Counter()

    async def carry(self, passing: Passing) -> web.Response:
        self.calls[passing.operation] += 1
        return await passing.forward()


@contextmanager
def counted(stack: Stack) -> Iterator[Counting]:
    """Send the functions' AWS calls through a counting wire for a while."""
    counting = Counting(stack.config.emulator_url)
    with through(stack, counting, _FUNCTIONS):
        yield counting
