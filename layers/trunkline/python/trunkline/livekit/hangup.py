"""Hangs one callee up, for a caller that has no event loop of its own."""

from __future__ import annotations

import asyncio

from trunkline.livekit.client import LiveKitClient, open_session
from trunkline.livekit.credentials import LiveKitCredentials


def hang_up(credentials: LiveKitCredentials, room: str, claim: int) -> None:
    """Remove a claim's callee from its room.

    Raises:
        LiveKitUnavailable: it may or may not have been hung up.
    """
    asyncio.run(_hang_up(credentials, room, claim))


async def _hang_up(credentials: LiveKitCredentials, room: str, claim: int) -> None:
    async with open_session() as session:
        await LiveKitClient(credentials, session).remove_callee(room, claim)
