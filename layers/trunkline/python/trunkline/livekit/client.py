"""LiveKit client: Trunkline's requests through the official SDK, without its retries.

An SDK retry of CreateSIPParticipant would be a second INVITE, so `failover` is off everywhere and
each caller decides by the result.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Any

import aiohttp
from google.protobuf.duration_pb2 import Duration
from livekit.api import AccessToken, LiveKitAPI, ServerError, SIPGrants
from livekit.api.twirp_client import TwirpErrorCode
from livekit.protocol.agent_dispatch import CreateAgentDispatchRequest
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import (
    DeleteRoomRequest,
    ListParticipantsRequest,
    ListRoomsRequest,
    RoomParticipantIdentity,
    UpdateRoomMetadataRequest,
)
from livekit.protocol.sip import CreateSIPParticipantRequest, ListSIPOutboundTrunkRequest

from trunkline.calls.models import Call
from trunkline.egress.socket_guard import SocketGuard
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import (
    CALL_ID_HEADER,
    CALLER,
    MAX_ID,
    TRACE_ID_HEADER,
    WATCHED_ROOM,
    callee_identity,
)
from trunkline.livekit.sdk_boundary import (
    BoundedResponse,
    LiveKitUnavailable,
    confirmed,
    refusal_of,
)
from trunkline.livekit.sip_statuses import result_of_livekit_error, result_of_sip_status

_TIMEOUT_S = 10
_CONNECT_S = 5
_ANSWER_GRACE_S = 10
_MAX_CONNECTIONS = 600
# Shorter than any server's or balancer's idle time-out: a request written to a connection that the
# other side has just closed would be an unknown dial.
_KEEP_WARM_S = 15

BeforeSend = Callable[[], Awaitable[None]]
"""Awaited once the connection is open and before anything is written to it; an exception stops the request.
It must read the clock after its own last await."""

_before_send: ContextVar[BeforeSend | None] = ContextVar("before_send", default=None)


class _PacedRequest(aiohttp.ClientRequest):
    """Awaits `BeforeSend` after it has a connection and before it writes to it (rule 9).

    So a connection is opened ahead of the slot, and no await separates the reading of the clock from the
    write.
    """

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        before_send = _before_send.get()
        if before_send:
            await before_send()
        return await super().send(conn)


def open_session(guard: SocketGuard | None = None) -> aiohttp.ClientSession:
    """Open the session whose warm connections all of a process's requests share.

    With a guard, for a tenant's own project, it connects to public addresses only, whatever the host name, a
    redirect or an address in the URL says, and uses no proxy.
    """
    connector = aiohttp.TCPConnector(
        limit=_MAX_CONNECTIONS,
        keepalive_timeout=_KEEP_WARM_S,
        socket_factory=guard.socket if guard else None,
    )
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S, sock_connect=_CONNECT_S),
        connector=connector,
        request_class=_PacedRequest,
        response_class=BoundedResponse,
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def open_session_for(credentials: LiveKitCredentials) -> aiohttp.ClientSession:
    """Open a session for one project, guarded if a tenant chose its address."""
    return open_session(
        None if credentials.address_policy is None else SocketGuard(credentials.address_policy)
    )


TOKEN_LEEWAY_MS = 60_000
"""How long LiveKit still accepts a token after its expiry."""


def dial_token(credentials: LiveKitCredentials, lifetime_s: float) -> str:
    """Sign the token of one dial; it expires when the dial may no longer be sent (rule 8)."""
    token = AccessToken(credentials.api_key, credentials.api_secret)
    token.with_sip_grants(SIPGrants(call=True)).with_ttl(datetime.timedelta(seconds=lifetime_s))
    return token.to_jwt()


class LiveKitClient:
    """Sends the requests to one LiveKit project."""

    def __init__(self, credentials: LiveKitCredentials, session: aiohttp.ClientSession) -> None:
        self._credentials = credentials
        self._session = session
        self._api = LiveKitAPI(
            credentials.url,
            credentials.api_key,
            credentials.api_secret,
            session=session,
            failover=False,
        )

    async def dispatch_agent(self, room: str, agent_name: str, call_id: str) -> str:
        """Dispatch the agent to the room; the metadata carries the call's id only.

        Not idempotent: a repeat adds a second agent, so an unclear failure must be followed by
        another claim with another room, never by a repeat.

        Returns:
            The dispatch id, `AD_…`.

        Raises:
            LiveKitUnavailable: the dispatch may or may not have been made.
        """
        metadata = json.dumps({"call_id": call_id})
        request = CreateAgentDispatchRequest(agent_name=agent_name, room=room, metadata=metadata)
        return (await confirmed(self._api.agent_dispatch.create_dispatch(request))).id[:MAX_ID]

    async def watch_agents(self, room: str) -> None:
        """Mark the room, so that its agents' joins are handled; any other metadata marks it as well.

        Raises:
            LiveKitUnavailable: the room may or may not be marked.
        """
        rooms = self._api.room
        answer = await confirmed(rooms.list_rooms(ListRoomsRequest(names=[room])))
        if not any(found.metadata for found in answer.rooms):
            mark = UpdateRoomMetadataRequest(room=room, metadata=WATCHED_ROOM)
            await confirmed(rooms.update_room_metadata(mark))

    async def agent_in_room(self, room: str) -> str | None:
        """Return the identity of an agent in the room (`agent-AJ_…`), or None.

        Uses ListParticipants, because the jobs in ListDispatch lag by seconds.
        """
        answer = await confirmed(self._api.room.list_participants(ListParticipantsRequest(room=room)))
        for participant in answer.participants:
            if participant.kind == ParticipantInfo.Kind.AGENT:
                return participant.identity[:MAX_ID]
        return None

    async def known_trunks(self, sip_trunk_ids: Iterable[str]) -> set[str]:
        """Return those of these SIP outbound trunks that the project has.

        LiveKit answers an unknown id with an empty trunk in its place, or not at all.
        """
        wanted = set(sip_trunk_ids)
        request = ListSIPOutboundTrunkRequest(trunk_ids=sorted(wanted))
        answer = await confirmed(self._api.sip.list_outbound_trunk(request))
        return wanted & {trunk.sip_trunk_id for trunk in answer.items}

    async def caller_is_in(self, room: str) -> bool:
        """Tell whether the caller of a web call is in its room; False if the room does not exist."""
        return await self._participant(room, CALLER) is not None

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        """Return the callee of a claim, or None if LiveKit does not know it."""
        return await self._participant(room, callee_identity(claim))

    async def callee_joined_ms(self, room: str, claim: int) -> int | None:
        """Return when a claim's callee joined, by LiveKit's clock (0: unknown); None if absent."""
        callee = await self.callee(room, claim)
        return callee.joined_at_ms if callee else None

    async def _participant(self, room: str, identity: str) -> ParticipantInfo | None:
        request = RoomParticipantIdentity(room=room, identity=identity)
        try:
            return await confirmed(self._api.room.get_participant(request))
        except LiveKitUnavailable as error:
            if error.code != TwirpErrorCode.NOT_FOUND:
                raise
            return None

    async def remove_callee(self, room: str, claim: int) -> None:
        """Hang up the callee (CANCEL while ringing, BYE after); a missing callee is a success.

        Raises:
            LiveKitUnavailable: the callee may or may not have been hung up; a repeat is harmless.
        """
        request = RoomParticipantIdentity(room=room, identity=callee_identity(claim))
        await self._delete_if_present(self._api.room.remove_participant(request))

    async def delete_room(self, room: str) -> None:
        """Delete a room; a missing room is a success.

        Raises:
            LiveKitUnavailable: LiveKit closes an empty room by itself, so callers may go on.
        """
        await self._delete_if_present(self._api.room.delete_room(DeleteRoomRequest(room=room)))

    @staticmethod
    async def _delete_if_present(request: Awaitable[object]) -> None:
        try:
            await confirmed(request)
        except LiveKitUnavailable as error:
            if error.code != TwirpErrorCode.NOT_FOUND:
                raise

    async def dial(self, call: Call, sip_trunk_id: str, token: str, before_send: BeforeSend) -> DialAnswer:
        """Send the INVITE when `before_send` returns, and wait for the callee's or carrier's answer.

        An exception of `before_send` is passed on; nothing was sent then. Never retried here: each request
        is an INVITE. A failure before `before_send` has returned proves that not a byte was sent.
        """
        gate = _Gate(before_send)
        _before_send.set(gate.pass_through)
        api = LiveKitAPI.with_token(token, self._credentials.url, session=self._session, failover=False)
        timeout_s = call.agent.ring_timeout_s + _ANSWER_GRACE_S
        try:
            answer = await api.sip.create_sip_participant(_sip_request(call, sip_trunk_id), timeout=timeout_s)
        except ServerError as error:
            return DialAnswer(_result_of(error))
        except Exception as error:
            if error is gate.refusal:
                raise
            kind = DialResultKind.UNKNOWN if gate.is_passed else DialResultKind.NOT_SENT
            return DialAnswer(DialResult(kind))
        finally:
            _before_send.set(None)
        ids = answer.participant_id[:MAX_ID], answer.sip_call_id[:MAX_ID]
        return DialAnswer(DialResult(DialResultKind.ANSWERED), *ids)


class _Gate:
    """Remembers what `before_send` did: whether the request was let through, or with what it was refused."""

    def __init__(self, before_send: BeforeSend) -> None:
        self._before_send = before_send
        self.is_passed = False
        self.refusal: Exception | None = None

    async def pass_through(self) -> None:
        try:
            await self._before_send()
        except Exception as error:
            self.refusal = error
            raise
        self.is_passed = True


def _sip_request(call: Call, sip_trunk_id: str) -> CreateSIPParticipantRequest:
    return CreateSIPParticipantRequest(
        sip_trunk_id=sip_trunk_id,
        sip_call_to=call.phone_number,
        sip_number=call.caller_id,
        room_name=call.room_name or "",
        participant_identity=callee_identity(call.claim),
        wait_until_answered=True,
        ringing_timeout=Duration(seconds=call.agent.ring_timeout_s),
        max_call_duration=Duration(seconds=call.agent.max_leg_s),
        headers=_sip_headers(call),
    )


def _sip_headers(call: Call) -> dict[str, str]:
    """Return the headers of the INVITE: the call's id, and the trace of the request if it said so."""
    trace = {TRACE_ID_HEADER: call.client_trace_id} if call.client_trace_id else {}
    return {CALL_ID_HEADER: call.id, **trace}


def _result_of(error: ServerError) -> DialResult:
    refusal = refusal_of(error)
    if refusal.sip_status_code:
        return result_of_sip_status(refusal.sip_status_code, refusal.sip_status or refusal.message)
    return result_of_livekit_error(refusal.http_status, refusal.code, refusal.message)
