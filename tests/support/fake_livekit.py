"""LiveKit in memory, as the dialer's attempts see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from trunkline.calls.models import Call
from trunkline.livekit.client import Gate
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind


class FakeLiveKit:
    """Records each INVITE with its time, and answers as the test says."""

    def __init__(self) -> None:
        self.invites: list[tuple[float, Call]] = []
        self.dispatched: list[str] = []
        self.deleted_rooms: list[str] = []
        self.removed: list[tuple[str, int]] = []
        self.hung_up = asyncio.Event()
        self.agent_joins = True
        self.dispatch_error: Exception | None = None
        self.answer: Callable[[Call], DialAnswer] = lambda _: DialAnswer(
            DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1"
        )
        self.answer_after_s = 0.0
        self.connecting_takes_s = 0.0

    async def dispatch_agent(self, room: str, agent_name: str, call_id: str) -> str:
        if self.dispatch_error:
            raise self.dispatch_error
        self.dispatched.append(room)
        return f"AD_{agent_name}"

    async def agent_in_room(self, room: str) -> str | None:
        return "agent-AJ_1" if self.agent_joins else None

    async def delete_room(self, room: str) -> None:
        self.deleted_rooms.append(room)

    async def remove_callee(self, room: str, claim: int) -> None:
        self.removed.append((room, claim))
        self.hung_up.set()

    async def dial(self, call: Call, sip_trunk_id: str, token: str, gate: Gate) -> DialAnswer:
        await asyncio.sleep(self.connecting_takes_s)
        await gate()
        self.invites.append((asyncio.get_running_loop().time(), call))
        await asyncio.sleep(self.answer_after_s)
        return self.answer(call)
