"""Concurrent work on many items, a bounded number of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def gather_bounded(
    at_once: int, work: Callable[[Item], Awaitable[Result]], items: Iterable[Item]
) -> list[Result]:
    """Work on every item, and return the results in the order of the items."""
    limit = asyncio.Semaphore(at_once)

    async def one(item: Item) -> Result:
        async with limit:
            return await work(item)

    return await asyncio.gather(*(one(item) for item in items))


async def cancel_tasks(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks, and wait until each has ended; what they raise is dropped."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
