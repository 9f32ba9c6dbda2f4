"""Repair of the open calls of a lane, a few at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.calls.repository import CallRepository
from trunkline.core.concurrency import gather_bounded

_MAX_CONCURRENT = 16


async def repair_open_calls(
    calls: CallRepository,
    offload: Callable[..., Awaitable[Any]],
    lane: str,
    now_ms: int,
    repair: Callable[[str], Awaitable[None]],
) -> None:
    """Repair the lane's calls that are in progress or have expired."""
    open_ids = await offload(lambda: [*calls.in_progress_ids(lane), *calls.expired_ids(lane, now_ms)])
    await gather_bounded(_MAX_CONCURRENT, repair, open_ids)
