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


class Silence(Protocol):
    """What other passes know of a project that does not answer."""

    async def is_silent(self) -> bool: ...
    async def record(self) -> None: ...


class FailFastLiveKit:
    """Forwards requests until the project is silent, could not be opened, or has used up its time.

    `silence` shares with other passes that it has not answered at all: some rooms that time out among others
    that answer say nothing about the project.
    """

    def __init__(
        self, open_: Callable[[], Awaitable[LiveKitLookups]], silence: Silence | None = None
    ) -> None:
        self._open = open_
        self._silence = silence
        self._livekit: LiveKitLookups | None = None
        self._is_closed = False
        self._timed_out: set[str] = set()
        self._has_answered = False
        self._opening = asyncio.Lock()
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
            self._has_answered |= not error.timed_out
            if self._silence and len(self._timed_out) == SILENT_AFTER and not self._has_answered:
                await self._silence.record()
            raise
        self._timed_out.clear()
        self._has_answered = True
        return answer

    async def _opened(self) -> LiveKitLookups:
        now_s = asyncio.get_running_loop().time()
        self._ends_s = self._ends_s or now_s + BUDGET_S
        if self._is_closed or len(self._timed_out) >= SILENT_AFTER or now_s >= self._ends_s:
            raise LiveKitUnavailable("it was silent or slow earlier in this pass")
        async with self._opening:
            if self._livekit is None:
                self._livekit = await self._open_once()
        return self._livekit

    async def _open_once(self) -> LiveKitLookups:
        if self._silence and not self._is_closed:
            self._is_closed = await self._silence.is_silent()
        if self._is_closed:
            raise LiveKitUnavailable("it could not be opened, or was silent less than a minute ago")
        try:
            return await self._open()
        except LiveKitUnavailable:
            self._is_closed = True
            raise
