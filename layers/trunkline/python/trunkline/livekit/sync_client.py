"""Requests to LiveKit for a caller that has no event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from trunkline.core.errors import LiveKitFailed
from trunkline.livekit.client import LiveKitClient, open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.sdk_boundary import LiveKitUnavailable, confirmed

SYNC_DEADLINE_S = 12
"""For all that one of these asks: their callers are requests that somebody waits for."""

_T = TypeVar("_T")


def hang_up(credentials: LiveKitCredentials, room: str, claim: int) -> None:
    """Remove a claim's callee from its room.

    Raises:
        LiveKitFailed: it may or may not have been hung up.
    """
    _request(credentials, lambda livekit: livekit.remove_callee(room, claim))


def close_room(credentials: LiveKitCredentials, room: str) -> None:
    """End a room and everyone's stay in it.

    Raises:
        LiveKitFailed: it may or may not have been closed.
    """
    _request(credentials, lambda livekit: livekit.delete_room(room))


def agent_is_in(credentials: LiveKitCredentials, room: str) -> bool:
    """Say whether an agent is in a room.

    Raises:
        LiveKitFailed: LiveKit does not answer.
    """
    return _request(credentials, lambda livekit: livekit.agent_in_room(room)) is not None


def redispatch_agent(credentials: LiveKitCredentials, room: str, agent_name: str, call_id: str) -> None:
    """Send an agent into a room that lost its own, and have LiveKit tell of its join.

    Raises:
        LiveKitFailed: it may or may not have been sent.
    """

    async def send(livekit: LiveKitClient) -> str:
        await livekit.watch_agents(room)
        return await livekit.dispatch_agent(room, agent_name, call_id)

    _request(credentials, send)


def _request(credentials: LiveKitCredentials, request: Callable[[LiveKitClient], Awaitable[_T]]) -> _T:
    async def ask() -> _T:
        async with asyncio.timeout(SYNC_DEADLINE_S), open_session_for(credentials) as session:
            return await request(LiveKitClient(credentials, session))

    try:
        return asyncio.run(confirmed(ask()))
    except LiveKitUnavailable as error:
        raise LiveKitFailed from error
