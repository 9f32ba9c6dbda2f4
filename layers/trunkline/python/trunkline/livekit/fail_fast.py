"""Fail-fast decorator: skips a LiveKit project for the rest of a run after its first failure.

So one project that does not answer cannot slow down the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from livekit.protocol.models import ParticipantInfo

from trunkline.livekit.sdk_boundary import LiveKitUnavailable

_T = TypeVar("_T")


class PhoneLookups(Protocol):
    """The LiveKit requests that repair phone calls."""

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None: ...
    async def remove_callee(self, room: str, claim: int) -> None: ...
    async def delete_room(self, room: str) -> None: ...


class WebLookups(Protocol):
    """The LiveKit requests that repair web calls."""

    async def caller_is_in(self, room: str) -> bool: ...
    async def delete_room(self, room: str) -> None: ...


class LiveKitLookups(PhoneLookups, WebLookups, Protocol):
    """All LiveKit requests of a reconciler pass."""


class FailFastLiveKit:
    """Forwards requests until one fails."""

    def __init__(self, open_: Callable[[], Awaitable[LiveKitLookups]]) -> None:
        self._open = open_
        self._livekit: LiveKitLookups | None = None
        self._has_failed = False

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        return await self._request(lambda livekit: livekit.callee(room, claim))

    async def caller_is_in(self, room: str) -> bool:
        return await self._request(lambda livekit: livekit.caller_is_in(room))

    async def remove_callee(self, room: str, claim: int) -> None:
        await self._request(lambda livekit: livekit.remove_callee(room, claim))

    async def delete_room(self, room: str) -> None:
        await self._request(lambda livekit: livekit.delete_room(room))

    async def _request(self, request: Callable[[LiveKitLookups], Awaitable[_T]]) -> _T:
        if self._has_failed:
            raise LiveKitUnavailable("it failed earlier in this pass")
        try:
            if self._livekit is None:
                self._livekit = await self._open()
            return await request(self._livekit)
        except LiveKitUnavailable:
            self._has_failed = True
            raise
