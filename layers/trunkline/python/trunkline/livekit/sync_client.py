"""Blocking requests to LiveKit, for callers without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from trunkline.core.errors import LiveKitFailed
from trunkline.livekit.client import LiveKitClient, open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.sdk_boundary import UNAUTHENTICATED, LiveKitUnavailable, confirmed

SYNC_DEADLINE_S = 12
"""The deadline of all requests of one function here: a client waits for the response."""

_T = TypeVar("_T")


def hang_up(credentials: LiveKitCredentials, room: str, claim: int) -> None:
    """Remove a claim's callee from its room.

    Raises:
        LiveKitFailed: it may or may not have been hung up.
    """
    _request(credentials, lambda livekit: livekit.remove_callee(room, claim))


def close_room(credentials: LiveKitCredentials, room: str) -> None:
    """Close a room and disconnect everyone in it.

    Raises:
        LiveKitFailed: it may or may not have been closed.
    """
    _request(credentials, lambda livekit: livekit.delete_room(room))


def agent_is_in(credentials: LiveKitCredentials, room: str) -> bool:
    """Return whether an agent is in a room.

    Raises:
        LiveKitFailed: LiveKit did not respond.
    """
    return _request(credentials, lambda livekit: livekit.agent_in_room(room)) is not None


def try_credentials(credentials: LiveKitCredentials) -> None:
    """Ask LiveKit for something that only the project's own key may see.

    Raises:
        LiveKitFailed: LiveKit refuses the credentials, or did not respond.
    """
    _request(credentials, lambda livekit: livekit.agent_in_room("trunkline-credentials"))


def known_trunks(credentials: LiveKitCredentials, sip_trunk_ids: Iterable[str]) -> set[str]:
    """Return those of these SIP outbound trunks that the project has.

    Raises:
        LiveKitFailed: LiveKit refuses the credentials, or did not respond.
    """
    return _request(credentials, lambda livekit: livekit.known_trunks(sip_trunk_ids))


def refuses_credentials(error: LiveKitFailed) -> bool:
    """Tell whether LiveKit answered that the credentials are not valid."""
    cause = error.__cause__
    return isinstance(cause, LiveKitUnavailable) and cause.code == UNAUTHENTICATED


def redispatch_agent(credentials: LiveKitCredentials, room: str, agent_name: str, call_id: str) -> None:
    """Dispatch an agent to a room that lost its own, and watch for the agent's join.

    Raises:
        LiveKitFailed: it may or may not have been dispatched.
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
