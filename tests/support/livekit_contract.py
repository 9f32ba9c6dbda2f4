"""What the dialer and the reconciler may rely on in a LiveKit, whichever it is.

A module of tests makes a class of `LiveKitContract` for each LiveKit, with a fixture `subject`. What a
server cannot do (a real one without a SIP trunk) is skipped, never passed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import uuid4

import pytest
from livekit.protocol.models import ParticipantInfo

from tests.support.builders import SNAPSHOT, make_call
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.dialer.attempt_errors import SlotExpired
from trunkline.dialer.context import DialerLiveKit
from trunkline.livekit.dial_result import DialAnswer, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

BUSY, NO_ANSWER, UNAVAILABLE = "+15550100002", "+15550100003", "+15550100004"
DECLINED, RINGS, STAYS, NOT_FOUND = "+15550100005", "+15550100007", "+15550100011", "+15550100008"
GIVES_UP_AFTER_S = 20


class LiveKitPort(DialerLiveKit, Protocol):
    """The requests of the dialer, and the reconciler's look-up."""

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None: ...


@dataclass(frozen=True)
class Subject:
    """A LiveKit under test; `let_ring` has a phone ring for seconds, `stop` takes the server away."""

    livekit: LiveKitPort
    invites: Callable[[], int]
    let_ring: Callable[[], None]
    stop: Callable[[], Awaitable[None]]
    trunk_id: str = ""
    token: str = ""
    has_carrier: bool = True
    has_agents: bool = True

    def require_carrier(self) -> None:
        if not self.has_carrier:
            pytest.skip("this LiveKit has no SIP trunk")

    def require_agents(self) -> None:
        if not self.has_agents:
            pytest.skip("no agent is registered with this LiveKit")

    async def dial(self, call: Call) -> DialAnswer:
        return await self.livekit.dial(call, self.trunk_id, self.token, open_gate)


async def open_gate() -> None:
    await asyncio.sleep(0)


def call_to(number: str = STAYS, claim: int = 1) -> Call:
    """Make a call with a room that nobody has used before."""
    agent = replace(SNAPSHOT, ring_timeout_s=30 if number == RINGS else 1)
    return make_call(phone_number=number, claim=claim, room_name=f"room-{uuid4()}", agent=agent)


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Poll until the condition returns something."""
    deadline_s = time.monotonic() + GIVES_UP_AFTER_S
    while not (found := await condition()):
        assert time.monotonic() < deadline_s, "gave up waiting"
        await asyncio.sleep(0.02)
    return found


class LiveKitContract:
    """The contract of a LiveKit."""

    async def test_an_agent_that_is_dispatched_joins_the_room(self, subject: Subject) -> None:
        subject.require_agents()
        room = f"room-{uuid4()}"
        dispatch_id = await subject.livekit.dispatch_agent(room, "ada", make_call().id)
        assert dispatch_id.startswith("AD_")
        identity = await until(lambda: subject.livekit.agent_in_room(room))
        assert identity.startswith("agent-AJ_")

    async def test_a_dispatch_has_an_id_before_any_agent_is_there(self, subject: Subject) -> None:
        dispatch_id = await subject.livekit.dispatch_agent(f"room-{uuid4()}", "nobody", make_call().id)
        assert dispatch_id.startswith("AD_")

    async def test_a_room_to_which_no_agent_was_dispatched_has_none(self, subject: Subject) -> None:
        assert await subject.livekit.agent_in_room(f"room-{uuid4()}") is None

    async def test_a_deleted_room_has_no_agent(self, subject: Subject) -> None:
        subject.require_agents()
        room = f"room-{uuid4()}"
        await subject.livekit.dispatch_agent(room, "ada", make_call().id)
        await until(lambda: subject.livekit.agent_in_room(room))
        await subject.livekit.delete_room(room)
        assert await subject.livekit.agent_in_room(room) is None

    async def test_what_is_absent_may_be_removed_again(self, subject: Subject) -> None:
        room = f"room-{uuid4()}"
        for _ in range(2):
            await subject.livekit.delete_room(room)
            await subject.livekit.remove_callee(room, 1)
        assert await subject.livekit.callee(room, 1) is None

    async def test_a_callee_who_answers_is_found_until_removed(self, subject: Subject) -> None:
        subject.require_carrier()
        call = call_to(STAYS)
        dialled = await subject.dial(call)
        assert dialled.result.kind is DialResultKind.ANSWERED
        assert str(dialled.sip_participant_id).startswith("PA_")
        assert str(dialled.sip_call_id).startswith("SCL_")
        leg = await subject.livekit.callee(str(call.room_name), 1)
        assert leg is not None
        assert (leg.sid, leg.attributes["sip.callStatus"]) == (dialled.sip_participant_id, "active")
        assert await subject.livekit.callee(str(call.room_name), 2) is None, "another claim's"
        await subject.livekit.remove_callee(str(call.room_name), 1)
        assert await subject.livekit.callee(str(call.room_name), 1) is None

    async def test_a_deleted_room_has_no_callee(self, subject: Subject) -> None:
        subject.require_carrier()
        call = call_to(STAYS)
        await subject.dial(call)
        await subject.livekit.delete_room(str(call.room_name))
        assert await subject.livekit.callee(str(call.room_name), 1) is None

    @pytest.mark.parametrize(
        ("number", "reason", "sip_status_code"),
        [
            (BUSY, Reason.DIAL_BUSY, 486),
            (NO_ANSWER, Reason.DIAL_NO_ANSWER, None),
            (UNAVAILABLE, Reason.TRUNK_UNAVAILABLE, 503),
            (DECLINED, Reason.USER_DECLINED, 603),
            (NOT_FOUND, Reason.INVALID_DESTINATION, 404),
            ("+15550100020", Reason.BLOCKED_BY_CARRIER, 603),
            ("+15550100022", Reason.MEDIA_FAILED, None),
            ("+15550100023", Reason.TRUNK_UNREACHABLE, None),
            ("+15550100024", Reason.TRUNK_AUTH_FAILED, None),
        ],
    )
    async def test_a_dial_that_fails_says_why_and_leaves_nobody(
        self, subject: Subject, number: str, reason: Reason, sip_status_code: int | None
    ) -> None:
        subject.require_carrier()
        call, before = call_to(number), subject.invites()
        verdict = (await subject.dial(call)).result
        assert (verdict.kind, verdict.reason) == (DialResultKind.FAILED, reason)
        assert verdict.sip_status_code == sip_status_code
        assert subject.invites() == before + 1
        assert await subject.livekit.callee(str(call.room_name), 1) is None

    async def test_a_ringing_callee_is_found_and_stops_ringing_when_removed(self, subject: Subject) -> None:
        subject.require_carrier()
        subject.let_ring()
        call = call_to(RINGS)
        room = str(call.room_name)
        dial = asyncio.create_task(subject.dial(call))
        leg = await until(lambda: subject.livekit.callee(room, 1))
        assert leg.attributes["sip.callStatus"] in ("dialing", "ringing")
        await subject.livekit.remove_callee(room, 1)
        verdict = (await dial).result
        assert (verdict.kind, verdict.reason) == (DialResultKind.FAILED, Reason.DIAL_NO_ANSWER)
        assert await subject.livekit.callee(room, 1) is None

    async def test_nothing_is_sent_before_the_gate_opens_or_if_it_refuses(self, subject: Subject) -> None:
        subject.require_carrier()
        before, seen = subject.invites(), list[int]()

        async def look() -> None:
            seen.append(subject.invites())

        async def refuse() -> None:
            raise SlotExpired

        with pytest.raises(SlotExpired):
            await subject.livekit.dial(call_to(), subject.trunk_id, subject.token, refuse)
        assert subject.invites() == before
        await subject.livekit.dial(call_to(), subject.trunk_id, subject.token, look)
        assert (seen, subject.invites()) == ([before], before + 1)

    async def test_a_server_that_is_away_is_unavailable(self, subject: Subject) -> None:
        livekit, room = subject.livekit, f"room-{uuid4()}"
        await subject.stop()
        requests: list[Callable[[], Awaitable[object]]] = [
            lambda: livekit.dispatch_agent(room, "ada", make_call().id),
            lambda: livekit.agent_in_room(room),
            lambda: livekit.callee(room, 1),
            lambda: livekit.remove_callee(room, 1),
            lambda: livekit.delete_room(room),
        ]
        for request in requests:
            with pytest.raises(LiveKitUnavailable):
                await request()
