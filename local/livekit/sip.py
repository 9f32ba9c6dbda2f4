"""SIP trunks, outbound calls, and a simulated carrier."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPOutboundTrunkInfo, SIPParticipantInfo

from local.livekit.ids import new_id
from local.livekit.rooms import ActiveRoom, DisconnectReasonValue, RoomRegistry
from local.livekit.twirp import TwirpError
from trunkline.calls.test_numbers import (
    FULL,
    NO_CODEC,
    NO_CREDENTIALS,
    NO_RESPONSE,
    TestNumber,
    lookup_test_number,
)
from trunkline.livekit.rooms import parse_room_name

MAX_WAIT_UNTIL_ANSWERED_S = 80.0
DEFAULT_RINGING_TIMEOUT_S = 30.0
MEDIA_TIMEOUT_S = 30.0
AUTH_INVITES = 5
"""How many INVITEs LiveKit sends for one call, each with the trunk's credentials, when they are refused."""

AUDIO_LOST_S = 15.0
"""How long after the last packet of a far end that has vanished LiveKit ends its leg."""

_REJECTED, _UNAVAILABLE = DisconnectReason.USER_REJECTED, DisconnectReason.USER_UNAVAILABLE
_CLIENT_INITIATED = DisconnectReason.CLIENT_INITIATED

# SIP status -> (Twirp code, disconnect reason), as measured on a real LiveKit (docs/livekit.md)
_ERRORS_BY_SIP_STATUS = {
    403: ("permission_denied", _REJECTED),
    404: ("not_found", _UNAVAILABLE),
    408: ("deadline_exceeded", _UNAVAILABLE),
    429: ("invalid_argument", _REJECTED),
    480: ("resource_exhausted", _UNAVAILABLE),
    486: ("resource_exhausted", _REJECTED),
    488: ("invalid_argument", _REJECTED),
    500: ("failed_precondition", _CLIENT_INITIATED),
    503: ("failed_precondition", _CLIENT_INITIATED),
    600: ("resource_exhausted", _REJECTED),
    603: ("permission_denied", _REJECTED),
    607: ("permission_denied", _REJECTED),
}

_DISCONNECT_REASONS = {NO_RESPONSE: _UNAVAILABLE, NO_CODEC: _REJECTED}
"""Of a leg that LiveKit itself gave up. Of the other errors they were not measured."""


@dataclass
class Leg:
    """One INVITE. `answer` resolves when the callee answers, and fails with the error of the carrier."""

    room: ActiveRoom
    participant: ParticipantInfo
    request: CreateSIPParticipantRequest
    answer: asyncio.Future[None]
    begun_s: float
    task: asyncio.Task[None] | None = None

    def set_status(self, value: str) -> None:
        """Set the participant attribute that shows the state of the call."""
        self.participant.attributes["sip.callStatus"] = value


class InviteLog:
    """A log of all INVITEs as lines of JSON, from which tests read the pace and find duplicates."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1)
        self.last_s = 0.0

    def write(self, request: CreateSIPParticipantRequest, sip_call_id: str, received_s: float) -> None:
        """Log an INVITE and when its request arrived (monotonic seconds)."""
        self.last_s = received_s
        entry = {
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
        self._file.write(json.dumps(entry) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass
class CarrierLimits:
    """The INVITEs a second that the carrier accepts on each trunk; without an entry, any number."""

    cps: dict[str, int] = field(default_factory=dict)
    recent: dict[str, deque[float]] = field(default_factory=dict)

    def rejects(self, trunk_id: str, now_s: float) -> bool:
        """Count an INVITE, and return whether it exceeds the limit in the last second."""
        limit = self.cps.get(trunk_id)
        recent = self.recent.setdefault(trunk_id, deque())
        recent.append(now_s)
        while recent[0] <= now_s - 1:
            recent.popleft()
        return limit is not None and len(recent) > limit


class SipService:
    """LiveKit's SIP service; the called number decides how a call goes (`docs/test-mode.md`)."""

    def __init__(self, rooms: RoomRegistry, log: InviteLog) -> None:
        self.trunks: dict[str, SIPOutboundTrunkInfo] = {}
        self.limits = CarrierLimits()
        self._rooms = rooms
        self._log = log
        self._legs: dict[tuple[str, str], Leg] = {}

    async def create_participant(self, request: CreateSIPParticipantRequest) -> SIPParticipantInfo:
        """Send an INVITE, and wait for the answer if the request asks for it.

        As on a real LiveKit, a client that disconnects does not stop the call, and a second request with the
        same identity sends another INVITE and cancels the first leg.

        Raises:
            TwirpError: the trunk is unknown, or the carrier rejected the call.
        """
        received_s = time.monotonic()
        if request.sip_trunk_id not in self.trunks:
            raise TwirpError("not_found", "requested sip trunk does not exist")
        leg = self._invite(request, received_s)
        if request.wait_until_answered:
            try:
                await asyncio.wait_for(asyncio.shield(leg.answer), MAX_WAIT_UNTIL_ANSWERED_S)
            except TimeoutError as error:
                raise _timed_out() from error
        return SIPParticipantInfo(
            participant_id=leg.participant.sid,
            participant_identity=leg.participant.identity,
            room_name=request.room_name,
            sip_call_id=leg.participant.attributes["sip.callID"],
        )

    def _invite(self, request: CreateSIPParticipantRequest, received_s: float) -> Leg:
        sip_call_id = new_id("SCL")
        self._log.write(request, sip_call_id, received_s)
        is_over_limit = self.limits.rejects(request.sip_trunk_id, received_s)
        callee = lookup_test_number(request.sip_call_to)
        if is_over_limit:
            callee = TestNumber(after_s=0.02, sip_status=(503, "CPS limit exceeded"), rings=False)
        claim = parse_room_name(request.room_name)
        if claim and claim.claim <= callee.full_claims:
            callee = TestNumber(after_s=0.02, sip_status=FULL, rings=False)
        room = self._rooms.get_or_create(request.room_name)
        participant = _participant(request, sip_call_id)
        if earlier := self._legs.get((request.room_name, participant.identity)):
            self.hang_up(request.room_name, participant.identity)
            self._end(earlier, DisconnectReason.DUPLICATE_IDENTITY)
        leg = Leg(room, participant, request, asyncio.get_running_loop().create_future(), received_s)
        leg.answer.add_done_callback(_mark_retrieved)
        self._legs[(request.room_name, participant.identity)] = leg
        self._rooms.join(room, participant)
        leg.task = self._rooms.spawn(self._run(leg, callee))
        return leg

    async def _run(self, leg: Leg, callee: TestNumber) -> None:
        ringing_timeout_s = leg.request.ringing_timeout.seconds or DEFAULT_RINGING_TIMEOUT_S
        if callee.rings:
            leg.set_status("ringing")
        if callee.after_s is None or callee.after_s > ringing_timeout_s:
            await asyncio.sleep(ringing_timeout_s)
            self._reject(leg, _timed_out(), _UNAVAILABLE)
            return
        if callee.livekit_error == NO_CREDENTIALS:
            await self._try_credentials(leg, callee.after_s)
        else:
            await asyncio.sleep(callee.after_s)
        if callee.livekit_error:
            _, code, text = callee.livekit_error
            left_because = _DISCONNECT_REASONS.get(callee.livekit_error, _CLIENT_INITIATED)
            self._reject(leg, TwirpError(code, f"twirp error unknown: {text}"), left_because)
            return
        if callee.sip_status:
            error, reason = _sip_error(*callee.sip_status)
            self._reject(leg, error, reason)
            return
        leg.set_status("active")
        if not leg.answer.done():
            leg.answer.set_result(None)
        await self._talk(leg, callee)

    async def _try_credentials(self, leg: Leg, within_s: float) -> None:
        """Send the INVITE again, as LiveKit does after each 401, until it gives up."""
        for _ in range(AUTH_INVITES - 1):
            await asyncio.sleep(within_s / AUTH_INVITES)
            self._log.write(leg.request, leg.participant.attributes["sip.callID"], time.monotonic())
        await asyncio.sleep(within_s / AUTH_INVITES)

    async def _talk(self, leg: Leg, callee: TestNumber) -> None:
        # LiveKit counts from the request, ringing included.
        limit_s = (leg.request.max_call_duration.seconds or float("inf")) - (time.monotonic() - leg.begun_s)
        media_timeout_s = MEDIA_TIMEOUT_S if callee.silent else float("inf")
        hangup_s = callee.talk_s if callee.talk_s is not None else float("inf")
        ends_after_s = min(limit_s, media_timeout_s, hangup_s)
        if ends_after_s == float("inf"):
            return
        await asyncio.sleep(ends_after_s)
        if callee.drops and ends_after_s == hangup_s:
            await asyncio.sleep(AUDIO_LOST_S)
        elif ends_after_s != media_timeout_s:
            leg.set_status("hangup")
        self._end(leg, _CLIENT_INITIATED)

    def _reject(self, leg: Leg, error: TwirpError, reason: DisconnectReasonValue) -> None:
        if not leg.answer.done():
            leg.answer.set_exception(error)
        self._end(leg, reason)

    def _end(self, leg: Leg, reason: DisconnectReasonValue) -> None:
        key = (leg.request.room_name, leg.participant.identity)
        if self._legs.get(key) is leg:
            del self._legs[key]
        self._rooms.leave(leg.room, leg.participant.identity, reason)

    def legs_by_trunk(self) -> Counter[str]:
        """Count the calls that ring or talk on each trunk."""
        return Counter(leg.request.sip_trunk_id for leg in self._legs.values())

    def restart(self) -> None:
        """End all legs without a word, as a server that is killed does."""
        for room, identity in list(self._legs):
            self.hang_up(room, identity)

    def hang_up(self, room: str, identity: str) -> None:
        """Send CANCEL or BYE for a leg; the caller of this method removes its participant."""
        leg = self._legs.pop((room, identity), None)
        if leg is None:
            return
        if leg.task:
            leg.task.cancel()
        if not leg.answer.done():
            leg.answer.set_exception(TwirpError("canceled", "twirp error unknown: sip call canceled"))


def _participant(request: CreateSIPParticipantRequest, sip_call_id: str) -> ParticipantInfo:
    participant = ParticipantInfo(
        sid=new_id("PA"),
        identity=request.participant_identity or f"sip_{request.sip_call_to}",
        name=request.participant_name,
        kind=ParticipantInfo.Kind.SIP,
        state=ParticipantInfo.State.ACTIVE,
        joined_at=int(time.time()),
        joined_at_ms=int(time.time() * 1000),
    )
    participant.attributes.update(request.participant_attributes)
    participant.attributes["sip.callID"] = sip_call_id
    participant.attributes["sip.callStatus"] = "dialing"
    participant.attributes["sip.phoneNumber"] = request.sip_call_to
    participant.attributes["sip.trunkID"] = request.sip_trunk_id
    return participant


def _timed_out() -> TwirpError:
    return TwirpError("canceled", "twirp error unknown: sip request timed out")


def _sip_error(status: int, phrase: str) -> tuple[TwirpError, DisconnectReasonValue]:
    code, reason = _ERRORS_BY_SIP_STATUS[status]
    message = f"twirp error unknown: INVITE failed: sip status: {status}: {phrase}"
    meta = {"sip_status": phrase, "sip_status_code": str(status), "error_details": ""}
    return TwirpError(code, message, meta), reason


def _mark_retrieved(answer: asyncio.Future[None]) -> None:
    """Retrieve an error that nobody awaits, so that asyncio does not log it."""
    if not answer.cancelled():
        answer.exception()
