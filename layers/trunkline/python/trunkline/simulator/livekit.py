"""Simulated LiveKit: answers the requests of a lane run and of the reconciler without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from livekit.protocol.models import ParticipantInfo

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.test_numbers import FULL, lookup_test_number
from trunkline.core.clock import Clock
from trunkline.livekit.client import BeforeSend
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import parse_room_name
from trunkline.livekit.sip_statuses import result_of_livekit_error, result_of_sip_status
from trunkline.simulator.ids import job_id_of, new_id

_NO_ANSWER = DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER))


class SimulatedLiveKit:
    """Keeps the dispatched agents and ringing phones of one run in memory.

    What is lost with the process, the reconciler repairs, as for a real LiveKit.
    """

    def __init__(self, calls: CallRepository, clock: Clock, offload: Callable[..., Awaitable[Any]]) -> None:
        self._calls = calls
        self._clock = clock
        self._offload = offload
        self._agents_due_us: dict[str, int | None] = {}
        self._ringing: dict[tuple[str, int], asyncio.Event] = {}

    async def dispatch_agent(self, room: str, agent_name: str, call_id: str) -> str:  # noqa: ARG002
        """Dispatch an agent, which joins after the delay of the test number."""
        call: Call | None = await self._offload(self._calls.load, call_id)
        delay_s = lookup_test_number(call.phone_number).agent_joins_after_s if call else None
        due_us = None
        if call and delay_s is not None:
            due_us = self._clock.monotonic_us() + int(delay_s * 1_000_000 / call.test_speed)
        self._agents_due_us[room] = due_us
        return new_id("AD")

    async def agent_in_room(self, room: str) -> str | None:
        """Return the agent's identity, if it has joined."""
        due_us, claim = self._agents_due_us.get(room), parse_room_name(room)
        if due_us is None or claim is None or self._clock.monotonic_us() < due_us:
            return None
        return f"agent-{job_id_of(claim)}"

    async def delete_room(self, room: str) -> None:
        """Remove the room's agent."""
        self._agents_due_us.pop(room, None)

    async def remove_callee(self, room: str, claim: int) -> None:
        """Stop a phone from ringing."""
        if ringing := self._ringing.get((room, claim)):
            ringing.set()

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        """Return the callee of an active call; a phone that rang when its dialer died has stopped."""
        named = parse_room_name(room)
        call = await self._offload(self._calls.load, named.call_id) if named else None
        if call is None or call.claim != claim or call.state is not State.ACTIVE:
            return None
        attributes = {"sip.callStatus": "active", "sip.callID": call.sip_call_id or ""}
        return ParticipantInfo(sid=call.sip_participant_id or "", attributes=attributes)

    async def callee_joined_ms(self, room: str, claim: int) -> int | None:
        """Return 0 while the phone rings: it joined without a delay."""
        return 0 if (room, claim) in self._ringing else None

    async def dial(self, call: Call, sip_trunk_id: str, token: str, before_send: BeforeSend) -> DialAnswer:  # noqa: ARG002
        """Ring, and answer as the test number says."""
        await before_send()
        test_number = lookup_test_number(call.phone_number)
        if call.claim <= test_number.full_claims:
            return DialAnswer(result_of_sip_status(*FULL))
        ring_s = float(call.agent.ring_timeout_s)
        rings_out = test_number.after_s is None or test_number.after_s > ring_s
        cancelled = await self._ring(call, ring_s if rings_out else test_number.after_s or 0.0)
        if cancelled or rings_out:
            return _NO_ANSWER
        if test_number.livekit_error:
            return DialAnswer(result_of_livekit_error(*test_number.livekit_error))
        if test_number.sip_status:
            return DialAnswer(result_of_sip_status(*test_number.sip_status))
        return DialAnswer(DialResult(DialResultKind.ANSWERED), new_id("PA"), new_id("SCL"))

    async def _ring(self, call: Call, for_s: float) -> bool:
        """Ring for `for_s` seconds; return True if it was hung up before."""
        key = (call.room_name or "", call.claim)
        hung_up = self._ringing[key] = asyncio.Event()
        try:
            await asyncio.wait_for(hung_up.wait(), for_s / call.test_speed)
        except TimeoutError:
            return False
        finally:
            del self._ringing[key]
        return True
