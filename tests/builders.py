"""Things that tests are made of: a call, a trunk, an agent, clocks and an in-memory LiveKit."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trunkline.call_control.livekit_events import RoomActions
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.states import State
from trunkline.calls.value_objects import AgentSnapshot, BatchRow
from trunkline.livekit.client import Gate
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.encryption import EncryptionContext
from trunkline.trunks.models import Trunk

NOW_MS = 1_700_000_000_000
TRUNK = Trunk("trunk_1", "t", "livekit.test", "ST_1", 5, ("+15550109001",))
SNAPSHOT = AgentSnapshot(
    id="11111111-1111-4111-8111-111111111111",
    name="Ada",
    type="voice",
    livekit_agent_name="ada",
    wait_for_agent=True,
    agent_join_timeout_s=5,
    ring_timeout_s=30,
    max_call_duration_s=600,
)


def a_call(number: int = 1, **changes: Any) -> Call:
    """A call that was just accepted; `number` makes its id and its arrival."""
    if changes.pop("batch", False):
        changes["batch_row"] = BatchRow("bat_1", number)
    call_id = f"00000000-0000-4000-8000-{number:012d}"
    priority, tenant = changes.get("priority", 5), changes.get("tenant_id", "tenant-1")
    batch = "batch_row" in changes
    call = Call(
        id=call_id,
        tenant_id="tenant-1",
        livemode=True,
        state=State.QUEUED,
        version=1,
        sequence=1,
        created_at_ms=NOW_MS,
        expires_at_ms=NOW_MS + 3_600_000,
        agent=SNAPSHOT,
        trunk_id=TRUNK.id,
        phone_number="+15550100001",
        caller_id=TRUNK.numbers[0],
        priority=priority,
        metadata_json="{}",
        source="api",
        line_place=QueuePosition(tenant, priority, batch, NOW_MS * 1000 + number, call_id).key,
    )
    return replace(call, **changes)


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self, wall_ms: int = NOW_MS) -> None:
        self.now_ms = wall_ms

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_us(self) -> int:
        return self.now_ms * 1000

    def move_s(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


class RealClockAt:
    """Real monotonic time, with a wall clock that begins at a given instant."""

    def __init__(self, wall_ms: int = NOW_MS) -> None:
        self._offset_ms = wall_ms - asyncio.get_running_loop().time() * 1000

    def wall_ms(self) -> int:
        return int(asyncio.get_running_loop().time() * 1000 + self._offset_ms)

    def monotonic_us(self) -> int:
        return int(asyncio.get_running_loop().time() * 1_000_000)

    def move_s(self, seconds: float) -> None:
        """Move the wall clock alone."""
        self._offset_ms += seconds * 1000


class FakeLiveKit:
    """LiveKit in memory: notes each INVITE with its instant, and answers as it is told."""

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


class PlainCipher:
    """Marks whose text it is in place of encrypting it."""

    def encrypt(self, owner: EncryptionContext, values: dict[str, Any]) -> bytes:
        return repr((owner.context, values)).encode()

    def decrypt(self, owner: EncryptionContext, ciphertext: bytes) -> dict[str, Any]:
        context, values = ast.literal_eval(ciphertext.decode())
        assert context == owner.context
        return dict(values)


def no_reach(
    hang_up: Callable[[CallAttemptRef], None] = lambda _: None,
    close_room: Callable[[CallAttemptRef], None] = lambda _: None,
    agent_is_in: Callable[[CallAttemptRef], bool] = lambda _: False,
    dispatch_again: Callable[[Call], None] = lambda _: None,
) -> RoomActions:
    """A LiveKit of which nothing is asked, unless the test says what."""
    return RoomActions(hang_up, close_room, agent_is_in, dispatch_again)


class NothingPlayed:
    """A player for trunks that are none of its own."""

    def play(self, trunk_id: str) -> int | None:
        raise AssertionError(f"{trunk_id} is a live trunk")
