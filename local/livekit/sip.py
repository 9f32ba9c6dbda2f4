"""The SIP side: trunks, INVITEs and what becomes of them, with the carrier behind it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPOutboundTrunkInfo, SIPParticipantInfo

from local.livekit.ids import new_id
from local.livekit.rooms import LiveRoom, Reason, Rooms
from local.livekit.twirp import TwirpFault
from trunkline.calls.test_numbers import FULL, TestNumber, lookup_test_number
from trunkline.livekit.rooms import parse_room_name

MAX_WAIT_S = 80.0
DEFAULT_RING_S = 30.0
NO_REPLY_S = 32.0
NO_AUDIO_S = 30.0
_REJECTED, _UNAVAILABLE = DisconnectReason.USER_REJECTED, DisconnectReason.USER_UNAVAILABLE
_BY_CLIENT = DisconnectReason.CLIENT_INITIATED

# SIP status -> (Twirp code, disconnect reason), as measured on a real LiveKit
_VERDICTS = {
    403: ("permission_denied", _REJECTED),
    404: ("not_found", _UNAVAILABLE),
    408: ("deadline_exceeded", _UNAVAILABLE),
    429: ("invalid_argument", _REJECTED),
    480: ("resource_exhausted", _UNAVAILABLE),
    486: ("resource_exhausted", _REJECTED),
    488: ("invalid_argument", _REJECTED),
    500: ("failed_precondition", _BY_CLIENT),
    503: ("failed_precondition", _BY_CLIENT),
    600: ("resource_exhausted", _REJECTED),
    603: ("permission_denied", _REJECTED),
    607: ("permission_denied", _REJECTED),
}


@dataclass
class Leg:
    """One INVITE. `answer` resolves at the callee's answer or fails with the carrier's verdict."""

    room: LiveRoom
    participant: ParticipantInfo
    request: CreateSIPParticipantRequest
    answer: asyncio.Future[None]
    task: asyncio.Task[None] | None = None

    def status(self, value: str) -> None:
        self.participant.attributes["sip.callStatus"] = value


class InviteLog:
    """Every INVITE, one JSON a line: the oracle for pacing and for "never twice"."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1)
        self.last_s = 0.0

    def write(self, request: CreateSIPParticipantRequest, sip_call_id: str, received_s: float) -> None:
        self.last_s = received_s
        line = {
            "t": received_s,
            "wall": time.time(),
            "trunk_id": request.sip_trunk_id,
            "to": request.sip_call_to,
            "from": request.sip_number,
            "room": request.room_name,
            "identity": request.participant_identity,
            "sip_call_id": sip_call_id,
            "headers": dict(request.headers),
        }
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        self._file.close()


@dataclass
class CarrierLimits:
    """INVITEs a second that the carrier takes on a trunk, where it was told to care."""

    cps: dict[str, int] = field(default_factory=dict)
    recent: dict[str, deque[float]] = field(default_factory=dict)

    def refuses(self, trunk_id: str, now_s: float) -> bool:
        """Count an INVITE, and say whether it is one too many in the last second."""
        limit = self.cps.get(trunk_id)
        recent = self.recent.setdefault(trunk_id, deque())
        recent.append(now_s)
        while recent[0] <= now_s - 1:
            recent.popleft()
        return limit is not None and len(recent) > limit


class Sip:
    """Dials numbers whose outcome a table decides."""

    def __init__(self, rooms: Rooms, log: InviteLog) -> None:
        self.trunks: dict[str, SIPOutboundTrunkInfo] = {}
        self.limits = CarrierLimits()
        self._rooms = rooms
        self._log = log
        self._legs: dict[tuple[str, str], Leg] = {}

    async def dial(self, request: CreateSIPParticipantRequest) -> SIPParticipantInfo:
        """Send an INVITE; with `wait_until_answered` wait for what becomes of it.

        A client that goes away does not stop the call, and the same identity again sends a second
        INVITE and cancels the first leg, as on a real LiveKit.
        """
        received_s = time.monotonic()
        if request.sip_trunk_id not in self.trunks:
            raise TwirpFault("not_found", "requested sip trunk does not exist")
        leg = self._invite(request, received_s)
        if request.wait_until_answered:
            try:
                await asyncio.wait_for(asyncio.shield(leg.answer), MAX_WAIT_S)
            except TimeoutError as error:
                raise TwirpFault("canceled", "twirp error unknown: sip request timed out") from error
        return SIPParticipantInfo(
            participant_id=leg.participant.sid,
            participant_identity=leg.participant.identity,
            room_name=request.room_name,
            sip_call_id=leg.participant.attributes["sip.callID"],
        )

    def _invite(self, request: CreateSIPParticipantRequest, received_s: float) -> Leg:
        sip_call_id = new_id("SCL")
        self._log.write(request, sip_call_id, received_s)
        refused = self.limits.refuses(request.sip_trunk_id, received_s)
        outcome = lookup_test_number(request.sip_call_to)
        if refused:
            outcome = TestNumber(after_s=0.02, sip_status=(503, "CPS limit exceeded"), rings=False)
        claim = parse_room_name(request.room_name)
        if claim and claim.claim <= outcome.full_claims:
            outcome = TestNumber(after_s=0.02, sip_status=FULL, rings=False)
        room = self._rooms.ensure(request.room_name)
        participant = _participant(request, sip_call_id)
        if earlier := self._legs.get((request.room_name, participant.identity)):
            self.hang_up(request.room_name, participant.identity)
            self._end(earlier, DisconnectReason.DUPLICATE_IDENTITY)
        leg = Leg(room, participant, request, asyncio.get_running_loop().create_future())
        leg.answer.add_done_callback(_note_unread)
        self._legs[(request.room_name, participant.identity)] = leg
        self._rooms.join(room, participant)
        leg.task = self._rooms.spawn(self._live(leg, outcome))
        return leg

    async def _live(self, leg: Leg, outcome: TestNumber) -> None:
        ring_s = leg.request.ringing_timeout.seconds or DEFAULT_RING_S
        if outcome.rings:
            leg.status("ringing")
        if outcome.after_s is None or outcome.after_s > ring_s:
            await asyncio.sleep(min(ring_s, NO_REPLY_S) if outcome.no_reply else ring_s)
            self._refuse(
                leg, TwirpFault("canceled", "twirp error unknown: sip request timed out"), _UNAVAILABLE
            )
            return
        await asyncio.sleep(outcome.after_s)
        if outcome.sip_status:
            fault, reason = _verdict(*outcome.sip_status)
            self._refuse(leg, fault, reason)
            return
        leg.status("active")
        if not leg.answer.done():
            leg.answer.set_result(None)
        await self._talk(leg, outcome)

    async def _talk(self, leg: Leg, outcome: TestNumber) -> None:
        limit_s = leg.request.max_call_duration.seconds or float("inf")
        silence_s = NO_AUDIO_S if outcome.silent else float("inf")
        hangup_s = outcome.talk_s if outcome.talk_s is not None else float("inf")
        ends_after_s = min(limit_s, silence_s, hangup_s)
        if ends_after_s == float("inf"):
            return
        await asyncio.sleep(ends_after_s)
        if outcome.drops and ends_after_s == hangup_s:
            self._end(leg, DisconnectReason.CONNECTION_TIMEOUT)
            return
        if ends_after_s != silence_s:
            leg.status("hangup")
        self._end(leg, _BY_CLIENT)

    def _refuse(self, leg: Leg, fault: TwirpFault, reason: Reason) -> None:
        if not leg.answer.done():
            leg.answer.set_exception(fault)
        self._end(leg, reason)

    def _end(self, leg: Leg, reason: Reason) -> None:
        key = (leg.request.room_name, leg.participant.identity)
        if self._legs.get(key) is leg:
            del self._legs[key]
        self._rooms.leave(leg.room, leg.participant.identity, reason)

    def hang_up(self, room: str, identity: str) -> None:
        """CANCEL or BYE a leg from this side; the caller takes its participant out."""
        leg = self._legs.pop((room, identity), None)
        if leg is None:
            return
        if leg.task:
            leg.task.cancel()
        if not leg.answer.done():
            leg.answer.set_exception(TwirpFault("canceled", "twirp error unknown: sip call canceled"))


def _participant(request: CreateSIPParticipantRequest, sip_call_id: str) -> ParticipantInfo:
    participant = ParticipantInfo(
        sid=new_id("PA"),
        identity=request.participant_identity or f"sip_{request.sip_call_to}",
        name=request.participant_name,
        kind=ParticipantInfo.Kind.SIP,
        state=ParticipantInfo.State.ACTIVE,
        joined_at=int(time.time()),
    )
    participant.attributes.update(request.participant_attributes)
    participant.attributes["sip.callID"] = sip_call_id
    participant.attributes["sip.callStatus"] = "dialing"
    participant.attributes["sip.phoneNumber"] = request.sip_call_to
    participant.attributes["sip.trunkID"] = request.sip_trunk_id
    return participant


def _verdict(status: int, phrase: str) -> tuple[TwirpFault, Reason]:
    code, reason = _VERDICTS[status]
    message = f"twirp error unknown: INVITE failed: sip status: {status}: {phrase}"
    meta = {"sip_status": phrase, "sip_status_code": str(status), "error_details": ""}
    return TwirpFault(code, message, meta), reason


def _note_unread(answer: asyncio.Future[None]) -> None:
    """A verdict that nobody waits for is no error."""
    if not answer.cancelled():
        answer.exception()
