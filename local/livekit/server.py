"""The HTTP server of the stand-in: LiveKit's Twirp services and the control API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from google.protobuf.message import Message
from livekit.api import TokenVerifier
from livekit.api.access_token import Claims
from livekit.protocol import agent_dispatch, models, room, sip

from local.livekit import auth
from local.livekit.agent_worker import AgentWorker
from local.livekit.control_api import ControlApi
from local.livekit.fault_injection import FaultInjector
from local.livekit.garbage_collection import collect_when_idle
from local.livekit.ids import new_id
from local.livekit.rooms import ActiveRoom, RoomRegistry
from local.livekit.sip import InviteLog, SipService
from local.livekit.twirp import TwirpError, encode_response, parse_request
from local.livekit.webhooks import WebhookSender

UNKNOWN_ROOM_DELAY_S = 3.0
"""A real LiveKit waits this long for a server that has the room."""

Handler = Callable[[Claims, Any], Awaitable[Message]]


class StandIn:
    """One LiveKit project with its rooms, agents and SIP trunks."""

    def __init__(
        self,
        *,
        api_key: str,
        api_secret: str,
        webhook_urls: list[str],
        invite_log: Path,
        worker: AgentWorker | None = None,
        max_concurrent_webhooks: int = 1,
    ) -> None:
        self._api_key = api_key
        self._api_secret = api_secret
        self._sender = WebhookSender(webhook_urls, api_key, api_secret, max_concurrent_webhooks)
        self.rooms = RoomRegistry(self._sender, worker)
        self._log = InviteLog(invite_log)
        self._faults = FaultInjector()
        self.sip = SipService(self.rooms, self._log)
        self._methods: dict[str, tuple[type[Message], Handler]] = {
            "AgentDispatchService/CreateDispatch": (
                agent_dispatch.CreateAgentDispatchRequest,
                self._create_dispatch,
            ),
            "AgentDispatchService/ListDispatch": (
                agent_dispatch.ListAgentDispatchRequest,
                self._list_dispatch,
            ),
            "AgentDispatchService/DeleteDispatch": (
                agent_dispatch.DeleteAgentDispatchRequest,
                self._delete_dispatch,
            ),
            "RoomService/CreateRoom": (room.CreateRoomRequest, self._create_room),
            "RoomService/ListRooms": (room.ListRoomsRequest, self._list_rooms),
            "RoomService/DeleteRoom": (room.DeleteRoomRequest, self._delete_room),
            "RoomService/ListParticipants": (room.ListParticipantsRequest, self._list_participants),
            "RoomService/GetParticipant": (room.RoomParticipantIdentity, self._get_participant),
            "RoomService/RemoveParticipant": (room.RoomParticipantIdentity, self._remove_participant),
            "RoomService/UpdateRoomMetadata": (room.UpdateRoomMetadataRequest, self._update_metadata),
            "SIP/CreateSIPOutboundTrunk": (sip.CreateSIPOutboundTrunkRequest, self._create_trunk),
            "SIP/ListSIPOutboundTrunk": (sip.ListSIPOutboundTrunkRequest, self._list_trunks),
            "SIP/DeleteSIPTrunk": (sip.DeleteSIPTrunkRequest, self._delete_trunk),
            "SIP/CreateSIPParticipant": (sip.CreateSIPParticipantRequest, self._create_participant),
        }

    def app(self) -> web.Application:
        """Build the aiohttp application."""
        app = web.Application()
        app.router.add_get("/", _health)
        app.router.add_route("*", "/twirp/livekit.{service}/{method}", self._handle_twirp)
        verifier = TokenVerifier(self._api_key, self._api_secret)
        ControlApi(self.rooms, self.sip, self._sender, self._faults, verifier).add_to(app)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _handle_twirp(self, request: web.Request) -> web.Response:
        content_type = request.content_type
        try:
            message_type, handler = self._route(request)
            claims = auth.verify_token(request, self._api_key, self._api_secret)
            message = parse_request(await request.read(), content_type, message_type())
            work = handler(claims, message)
            response = await self._faults.apply(_method_name(request), str(message), request, work)
            return encode_response(response, content_type)
        except TwirpError as error:
            return error.response()
        except auth.Unauthorized as error:
            return web.Response(status=401, text=error.text)

    def _route(self, request: web.Request) -> tuple[type[Message], Handler]:
        name = _method_name(request)
        if request.method != "POST" or name not in self._methods:
            raise TwirpError("bad_route", f"no handler for path {request.path}")
        return self._methods[name]

    async def _create_dispatch(
        self, claims: Claims, message: agent_dispatch.CreateAgentDispatchRequest
    ) -> Message:
        auth.require_room_admin(claims, message.room)
        active_room = self.rooms.get_or_create(message.room)
        return self.rooms.dispatch(active_room, message.agent_name, message.metadata, message.restart_policy)

    async def _list_dispatch(
        self, claims: Claims, message: agent_dispatch.ListAgentDispatchRequest
    ) -> Message:
        auth.require_room_admin(claims, message.room)
        active_room = await self._active_room(message.room)
        wanted = message.dispatch_id
        found = [
            dispatch for dispatch in active_room.dispatches.values() if not wanted or dispatch.id == wanted
        ]
        return agent_dispatch.ListAgentDispatchResponse(agent_dispatches=found)

    async def _delete_dispatch(
        self, claims: Claims, message: agent_dispatch.DeleteAgentDispatchRequest
    ) -> Message:
        auth.require_room_admin(claims, message.room)
        active_room = await self._active_room(message.room)
        dispatch = active_room.dispatches.pop(message.dispatch_id, None)
        if dispatch is None:
            raise TwirpError("not_found", "twirp error unknown: dispatch ID not found")
        for job in dispatch.state.jobs:
            self.rooms.leave(
                active_room, job.state.participant_identity, models.DisconnectReason.PARTICIPANT_REMOVED
            )
        return dispatch

    async def _active_room(self, name: str) -> ActiveRoom:
        """Return a room; an unknown one is a 503 after 3 s, as on a real LiveKit."""
        active_room = self.rooms.active.get(name)
        if active_room is None:
            await asyncio.sleep(UNKNOWN_ROOM_DELAY_S)
            raise TwirpError("unavailable", "twirp error unknown: no response from servers")
        return active_room

    async def _create_room(self, claims: Claims, message: room.CreateRoomRequest) -> Message:
        auth.require_video_grant(claims, "room_create")
        active_room = self.rooms.get_or_create(message.name, message.metadata)
        for agent in message.agents:
            self.rooms.dispatch(active_room, agent.agent_name, agent.metadata)
        return active_room.info

    async def _list_rooms(self, claims: Claims, message: room.ListRoomsRequest) -> Message:
        auth.require_video_grant(claims, "room_list")
        names = set(message.names)
        found = [
            active_room.info
            for active_room in self.rooms.active.values()
            if not names or active_room.info.name in names
        ]
        return room.ListRoomsResponse(rooms=found)

    async def _delete_room(self, claims: Claims, message: room.DeleteRoomRequest) -> Message:
        auth.require_video_grant(claims, "room_create")
        active_room = self.rooms.active.get(message.room)
        if active_room is None:
            raise TwirpError("not_found", "twirp error unknown: requested room does not exist")
        await _require_live(active_room)
        for identity in list(active_room.participants):
            self.sip.hang_up(message.room, identity)
        self.rooms.close(active_room, models.DisconnectReason.ROOM_DELETED)
        return room.DeleteRoomResponse()

    async def _update_metadata(self, claims: Claims, message: room.UpdateRoomMetadataRequest) -> Message:
        auth.require_room_admin(claims, message.room)
        active_room = self.rooms.active.get(message.room)
        if active_room is None:
            raise TwirpError("not_found", "twirp error unknown: requested room does not exist")
        active_room.info.metadata = message.metadata
        return active_room.info

    async def _list_participants(self, claims: Claims, message: room.ListParticipantsRequest) -> Message:
        auth.require_room_admin(claims, message.room)
        active_room = self.rooms.active.get(message.room)
        return room.ListParticipantsResponse(
            participants=active_room.participants.values() if active_room else []
        )

    async def _get_participant(self, claims: Claims, message: room.RoomParticipantIdentity) -> Message:
        auth.require_room_admin(claims, message.room)
        return self._participant(message)[1]

    async def _remove_participant(self, claims: Claims, message: room.RoomParticipantIdentity) -> Message:
        auth.require_room_admin(claims, message.room)
        active_room, participant = self._participant(message)
        await _require_live(active_room)
        removed = models.DisconnectReason.PARTICIPANT_REMOVED
        self.sip.hang_up(message.room, participant.identity)
        self.rooms.leave(active_room, participant.identity, removed)
        return room.RemoveParticipantResponse()

    def _participant(
        self, message: room.RoomParticipantIdentity
    ) -> tuple[ActiveRoom, models.ParticipantInfo]:
        active_room = self.rooms.active.get(message.room)
        participant = active_room.participants.get(message.identity) if active_room else None
        if active_room is None or participant is None:
            raise TwirpError("not_found", "twirp error unknown: participant does not exist")
        return active_room, participant

    async def _create_trunk(self, claims: Claims, message: sip.CreateSIPOutboundTrunkRequest) -> Message:
        auth.require_sip_grant(claims, "admin")
        trunk = sip.SIPOutboundTrunkInfo()
        trunk.CopyFrom(message.trunk)
        trunk.sip_trunk_id = new_id("ST")
        self.sip.trunks[trunk.sip_trunk_id] = trunk
        return trunk

    async def _list_trunks(self, claims: Claims, message: sip.ListSIPOutboundTrunkRequest) -> Message:
        auth.require_sip_grant(claims, "admin")
        wanted = set(message.trunk_ids)
        found = [trunk for trunk_id, trunk in self.sip.trunks.items() if not wanted or trunk_id in wanted]
        return sip.ListSIPOutboundTrunkResponse(items=found)

    async def _delete_trunk(self, claims: Claims, message: sip.DeleteSIPTrunkRequest) -> Message:
        auth.require_sip_grant(claims, "admin")
        if self.sip.trunks.pop(message.sip_trunk_id, None) is None:
            raise TwirpError("not_found", "requested sip trunk does not exist")
        return sip.SIPTrunkInfo(sip_trunk_id=message.sip_trunk_id)

    async def _create_participant(self, claims: Claims, message: sip.CreateSIPParticipantRequest) -> Message:
        auth.require_sip_grant(claims, "call")
        return await self.sip.create_participant(message)

    async def _start(self, _: web.Application) -> None:
        self.rooms.spawn(collect_when_idle(lambda: self._log.last_s))

    async def _stop(self, _: web.Application) -> None:
        await self.rooms.stop()
        await self._sender.close()
        self._log.close()


async def _require_live(active_room: ActiveRoom) -> None:
    """Fail as a real LiveKit does about a room whose server was restarted."""
    if active_room.is_stale:
        await asyncio.sleep(UNKNOWN_ROOM_DELAY_S)
        raise TwirpError("unavailable", "twirp error unknown: no response from servers")


def _method_name(request: web.Request) -> str:
    return f"{request.match_info['service']}/{request.match_info['method']}"


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="OK")
