"""Ends a callee's or a whole room's stay, for a caller that has no event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from trunkline.livekit.client import LiveKitClient, open_session
from trunkline.livekit.credentials import LiveKitCredentials


def hang_up(credentials: LiveKitCredentials, room: str, claim: int) -> None:
    """Remove a claim's callee from its room.

    Raises:
        LiveKitUnavailable: it may or may not have been hung up.
    """
    asyncio.run(_ask(credentials, lambda livekit: livekit.remove_callee(room, claim)))


def close_room(credentials: LiveKitCredentials, room: str) -> None:
    """End a room and everyone's stay in it.

    Raises:
        LiveKitUnavailable: it may or may not have been closed.
    """
    asyncio.run(_ask(credentials, lambda livekit: livekit.delete_room(room)))


async def _ask(credentials: LiveKitCredentials, what: Callable[[LiveKitClient], Awaitable[None]]) -> None:
    async with open_session() as session:
        await what(LiveKitClient(credentials, session))
