"""A LiveKit that did not answer once is not asked again in this pass: its silence is its tenant's trouble."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from livekit.protocol.models import ParticipantInfo

from trunkline.livekit.client import LiveKitUnavailable

_T = TypeVar("_T")


class LiveKitLookups(Protocol):
    """What a pass asks of LiveKit."""

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None: ...
    async def caller_is_in(self, room: str) -> bool: ...
    async def remove_callee(self, room: str, claim: int) -> None: ...
    async def delete_room(self, room: str) -> None: ...


class FailFastLiveKit:
    """Passes requests on until one is not answered."""

    def __init__(self, open_: Callable[[], Awaitable[LiveKitLookups]]) -> None:
        self._open = open_
        self._asked: LiveKitLookups | None = None
        self._silent = False

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        return await self._ask(lambda asked: asked.callee(room, claim))

    async def caller_is_in(self, room: str) -> bool:
        return await self._ask(lambda asked: asked.caller_is_in(room))

    async def remove_callee(self, room: str, claim: int) -> None:
        await self._ask(lambda asked: asked.remove_callee(room, claim))

    async def delete_room(self, room: str) -> None:
        await self._ask(lambda asked: asked.delete_room(room))

    async def _ask(self, what: Callable[[LiveKitLookups], Awaitable[_T]]) -> _T:
        if self._silent:
            raise LiveKitUnavailable("it did not answer before")
        try:
            if self._asked is None:
                self._asked = await self._open()
            return await what(self._asked)
        except LiveKitUnavailable:
            self._silent = True
            raise
