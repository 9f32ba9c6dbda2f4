"""LiveKit project in a reconciler pass: one room's error is that room's, a silent project is left alone.

So one project that does not answer cannot slow down the pass of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from livekit.protocol.models import ParticipantInfo

from trunkline.livekit.sdk_boundary import LiveKitUnavailable

SILENT_AFTER = 3
"""Rooms in a row whose requests timed out. A refusal, such as a 503 about a room that a restarted server has
forgotten, is an answer."""

BUDGET_S = 30.0
"""How long a pass asks one project; the rest waits for the next pass."""

_T = TypeVar("_T")


class PhoneLookups(Protocol):
    """The LiveKit requests that repair phone calls."""

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None: ...
    async def agent_in_room(self, room: str) -> str | None: ...
    async def remove_callee(self, room: str, claim: int) -> None: ...
    async def delete_room(self, room: str) -> None: ...


class WebLookups(Protocol):
    """The LiveKit requests that repair web calls."""

    async def caller_is_in(self, room: str) -> bool: ...
    async def agent_in_room(self, room: str) -> str | None: ...
    async def delete_room(self, room: str) -> None: ...


class LiveKitLookups(PhoneLookups, WebLookups, Protocol):
    """All LiveKit requests of a reconciler pass."""


class FailFastLiveKit:
    """Forwards requests until the project is silent, could not be opened, or has used up its time."""

    def __init__(self, open_: Callable[[], Awaitable[LiveKitLookups]]) -> None:
        self._open = open_
        self._livekit: LiveKitLookups | None = None
        self._is_closed = False
        self._timed_out: set[str] = set()
        self._ends_s: float | None = None

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        return await self._request(room, lambda livekit: livekit.callee(room, claim))

    async def caller_is_in(self, room: str) -> bool:
        return await self._request(room, lambda livekit: livekit.caller_is_in(room))

    async def agent_in_room(self, room: str) -> str | None:
        return await self._request(room, lambda livekit: livekit.agent_in_room(room))

    async def remove_callee(self, room: str, claim: int) -> None:
        await self._request(room, lambda livekit: livekit.remove_callee(room, claim))

    async def delete_room(self, room: str) -> None:
        await self._request(room, lambda livekit: livekit.delete_room(room))

    async def _request(self, room: str, request: Callable[[LiveKitLookups], Awaitable[_T]]) -> _T:
        livekit = await self._opened()
        try:
            answer = await request(livekit)
        except LiveKitUnavailable as error:
            self._timed_out = self._timed_out | {room} if error.timed_out else set()
            raise
        self._timed_out.clear()
        return answer

    async def _opened(self) -> LiveKitLookups:
        now_s = asyncio.get_running_loop().time()
        self._ends_s = self._ends_s or now_s + BUDGET_S
        if self._is_closed or len(self._timed_out) >= SILENT_AFTER or now_s >= self._ends_s:
            raise LiveKitUnavailable("it was silent or slow earlier in this pass")
        if self._livekit is None:
            try:
                self._livekit = await self._open()
            except LiveKitUnavailable:
                self._is_closed = True
                raise
        return self._livekit
