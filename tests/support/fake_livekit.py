"""LiveKit in memory, as the dialer and the reconciler see it.

It passes the same contract tests as the stand-in (`tests/support/livekit_contract.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from livekit.protocol.models import ParticipantInfo

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.test_numbers import lookup_test_number
from trunkline.livekit.client import BeforeSend
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.livekit.sip_statuses import result_of_livekit_error, result_of_sip_status

NO_ANSWER = DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER))
LOST = DialAnswer(DialResult(DialResultKind.UNKNOWN))


def answer_of_number(call: Call) -> DialAnswer:
    """Answer as the test number says (docs/test-mode.md)."""
    outcome = lookup_test_number(call.phone_number)
    if outcome.livekit_error:
        return DialAnswer(result_of_livekit_error(*outcome.livekit_error))
    if outcome.sip_status:
        return DialAnswer(result_of_sip_status(*outcome.sip_status))
    if outcome.after_s is None:
        return NO_ANSWER
    return DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")


class FakeLiveKit:
    """Records each INVITE with its time, and answers as the called number or the test says.

    It hangs while `responds` is cleared, its SIP service alone while `sip_responds` is: `requests` counts the
    dials that it was asked for. `dials` are its own tasks, which go on when a dialer dies, or when the reply
    is lost after `reply_lost_after_s`.
    """

    def __init__(self) -> None:
        self.invites: list[tuple[float, Call]] = []
        self.requests = 0
        self.dispatched: list[str] = []
        self.deleted_rooms: list[str] = []
        self.removed: list[tuple[str, int]] = []
        self.hung_up = asyncio.Event()
        self.agent_joins = True
        self.dispatch_error: Exception | None = None
        self.answer: Callable[[Call], DialAnswer] = answer_of_number
        self.answer_after_s = 0.0
        self.connecting_takes_s = 0.0
        self.is_down = False
        self.responds = asyncio.Event()
        self.responds.set()
        self.sip_responds = asyncio.Event()
        self.sip_responds.set()
        self.reply_lost_after_s: float | None = None
        self._rooms_with_agent: set[str] = set()
        self._legs: dict[tuple[str, int], ParticipantInfo] = {}
        self.dials: set[asyncio.Task[DialAnswer]] = set()

    async def dispatch_agent(self, room: str, agent_name: str, call_id: str) -> str:
        self._require_up()
        if self.dispatch_error:
            raise self.dispatch_error
        self.dispatched.append(room)
        self._rooms_with_agent.add(room)
        return f"AD_{agent_name}"

    async def agent_in_room(self, room: str) -> str | None:
        self._require_up()
        return "agent-AJ_1" if self.agent_joins and room in self._rooms_with_agent else None

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        self._require_up()
        await self.responds.wait()
        return self._legs.get((room, claim))

    async def callee_joined_ms(self, room: str, claim: int) -> int | None:
        callee = await self.callee(room, claim)
        return callee.joined_at_ms if callee else None

    async def delete_room(self, room: str) -> None:
        self._require_up()
        self.deleted_rooms.append(room)
        self._rooms_with_agent.discard(room)
        for leg in [leg for leg in self._legs if leg[0] == room]:
            del self._legs[leg]

    async def remove_callee(self, room: str, claim: int) -> None:
        self._require_up()
        self.removed.append((room, claim))
        self._legs.pop((room, claim), None)
        self.hung_up.set()

    async def dial(self, call: Call, sip_trunk_id: str, token: str, before_send: BeforeSend) -> DialAnswer:
        await asyncio.sleep(self.connecting_takes_s)
        await before_send()
        self.requests += 1
        dial = asyncio.create_task(self._invite(call))
        self.dials.add(dial)
        dial.add_done_callback(self.dials.discard)
        # A client that disconnects does not stop the call.
        await asyncio.wait({dial}, timeout=self.reply_lost_after_s)
        return dial.result() if dial.done() else LOST

    async def _invite(self, call: Call) -> DialAnswer:
        await self.responds.wait()
        await self.sip_responds.wait()
        self.invites.append((asyncio.get_running_loop().time(), call))
        leg = (call.room_name or "", call.claim)
        joined_ms = round(self.invites[-1][0] * 1000)
        ringing = {"sip.callStatus": "ringing"}
        self._legs[leg] = ParticipantInfo(sid="PA_1", joined_at_ms=joined_ms, attributes=ringing)
        await self._ring()
        if leg not in self._legs:
            return NO_ANSWER
        answer = self.answer(call)
        if answer.result.kind is DialResultKind.ANSWERED:
            self._legs[leg].attributes["sip.callStatus"] = "active"
        else:
            del self._legs[leg]
        return answer

    async def _ring(self) -> None:
        """Ring for `answer_after_s`, or until somebody is hung up."""
        ringing = asyncio.ensure_future(self.hung_up.wait())
        await asyncio.wait([ringing], timeout=self.answer_after_s)
        ringing.cancel()

    def _require_up(self) -> None:
        if self.is_down:
            raise LiveKitUnavailable("connection refused")
