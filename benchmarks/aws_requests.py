"""Counts of the AWS requests that functions send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from local.intercepting_proxy import Exchange, InterceptingProxy, routed_through
from local.stack import Stack

_FUNCTIONS = ("api", "agent-api", "dialer", "livekit-webhook")


class RequestCounter(InterceptingProxy):
    """Counts requests by operation."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.counts: Counter[str] = Counter()

    async def intercept(self, exchange: Exchange) -> web.Response:
        self.counts[exchange.operation] += 1
        return await exchange.forward()


@contextmanager
def count_aws_requests(stack: Stack) -> Iterator[RequestCounter]:
    """Count the AWS requests of the functions of a call while the block runs."""
    counter = RequestCounter(stack.config.emulator_url)
    with routed_through(stack, counter, _FUNCTIONS):
        yield counter


def average(counts: Counter[str], repetitions: int) -> Counter[str]:
    """Return the requests of one repetition, rounded; polls of the benchmark itself round to none."""
    rounded = {operation: round(count / repetitions) for operation, count in counts.items()}
    return Counter({operation: count for operation, count in rounded.items() if count})


def describe(counts: Counter[str]) -> str:
    """List the counts: `2 GetItem, 1 Query`."""
    return ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()) if count) or "none"
