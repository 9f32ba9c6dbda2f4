"""The stand-in's HTTP server: LiveKit's Twirp services, and `/_control` to tell it how to behave."""

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

from local.livekit import access
from local.livekit.control import Control
from local.livekit.faults import Faults
from local.livekit.garbage import collect_when_idle
from local.livekit.ids import new_id
from local.livekit.rooms import LiveRoom, Rooms
from local.livekit.sip import InviteLog, Sip
from local.livekit.twirp import TwirpFault, answer, parse
from local.livekit.webhooks import WebhookSender
from local.livekit.worker import Worker

NO_ROOM_AFTER_S = 3.0
Handler = Callable[[Claims, Any], Awaitable[Message]]


class StandIn:
    """One LiveKit project on one port."""

    def __init__(
        self,
        *,
        api_key: str,
        api_secret: str,
        webhook_urls: list[str],
        invite_log: Path,
        worker: Worker | None = None,
    ) -> None:
        self._api_key = api_key
        self._api_secret = api_secret
        self._sender = WebhookSender(webhook_urls, api_key, api_secret)
        self.rooms = Rooms(self._sender, worker)
        self._log = InviteLog(invite_log)
        self._faults = Faults()
        self.sip = Sip(self.rooms, self._log)
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
            "SIP/CreateSIPParticipant": (sip.CreateSIPParticipantRequest, self._dial),
        }

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application()
        app.router.add_get("/", _alive)
        app.router.add_route("*", "/twirp/livekit.{service}/{method}", self._twirp)
        verifier = TokenVerifier(self._api_key, self._api_secret)
        Control(self.rooms, self.sip, self._sender, self._faults, verifier).add_to(app)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _twirp(self, request: web.Request) -> web.Response:
        content_type = request.content_type
        try:
            message_type, handler = self._method(request)
            claims = access.claims_of(request, self._api_key, self._api_secret)
            message = parse(await request.read(), content_type, message_type())
            method = f"{request.match_info['service']}/{request.match_info['method']}"
            return answer(await self._faults.apply(method, request, handler(claims, message)), content_type)
        except TwirpFault as fault:
            return fault.response()
        except access.NotAllowed as refusal:
            return web.Response(status=401, text=refusal.text)

    def _method(self, request: web.Request) -> tuple[type[Message], Handler]:
        name = f"{request.match_info['service']}/{request.match_info['method']}"
        if request.method != "POST" or name not in self._methods:
            raise TwirpFault("bad_route", f"no handler for path {request.path}")
        return self._methods[name]

    async def _create_dispatch(
        self, claims: Claims, message: agent_dispatch.CreateAgentDispatchRequest
    ) -> Message:
        access.require_room_admin(claims, message.room)
        live = self.rooms.ensure(message.room)
        return self.rooms.dispatch(live, message.agent_name, message.metadata, message.restart_policy)

    async def _list_dispatch(
        self, claims: Claims, message: agent_dispatch.ListAgentDispatchRequest
    ) -> Message:
        access.require_room_admin(claims, message.room)
        live = await self._room_or_503(message.room)
        wanted = message.dispatch_id
        found = [d for d in live.dispatches.values() if not wanted or d.id == wanted]
        return agent_dispatch.ListAgentDispatchResponse(agent_dispatches=found)

    async def _delete_dispatch(
        self, claims: Claims, message: agent_dispatch.DeleteAgentDispatchRequest
    ) -> Message:
        access.require_room_admin(claims, message.room)
        live = await self._room_or_503(message.room)
        gone = live.dispatches.pop(message.dispatch_id, None)
        if gone is None:
            raise TwirpFault("not_found", "twirp error unknown: dispatch ID not found")
        for job in gone.state.jobs:
            self.rooms.leave(
                live, job.state.participant_identity, models.DisconnectReason.PARTICIPANT_REMOVED
            )
        return gone

    async def _room_or_503(self, name: str) -> LiveRoom:
        live = self.rooms.live.get(name)
        if live is None:
            await asyncio.sleep(NO_ROOM_AFTER_S)
            raise TwirpFault("unavailable", "twirp error unknown: no response from servers")
        return live

    async def _create_room(self, claims: Claims, message: room.CreateRoomRequest) -> Message:
        access.require_video(claims, "room_create")
        live = self.rooms.ensure(message.name, message.metadata)
        for agent in message.agents:
            self.rooms.dispatch(live, agent.agent_name, agent.metadata)
        return live.info

    async def _list_rooms(self, claims: Claims, message: room.ListRoomsRequest) -> Message:
        access.require_video(claims, "room_list")
        names = set(message.names)
        found = [live.info for live in self.rooms.live.values() if not names or live.info.name in names]
        return room.ListRoomsResponse(rooms=found)

    async def _delete_room(self, claims: Claims, message: room.DeleteRoomRequest) -> Message:
        access.require_video(claims, "room_create")
        live = self.rooms.live.get(message.room)
        if live is None:
            raise TwirpFault("not_found", "twirp error unknown: requested room does not exist")
        for identity in list(live.participants):
            self.sip.hang_up(message.room, identity)
        self.rooms.close(live, models.DisconnectReason.ROOM_DELETED)
        return room.DeleteRoomResponse()

    async def _update_metadata(self, claims: Claims, message: room.UpdateRoomMetadataRequest) -> Message:
        access.require_room_admin(claims, message.room)
        live = self.rooms.live.get(message.room)
        if live is None:
            raise TwirpFault("not_found", "twirp error unknown: requested room does not exist")
        live.info.metadata = message.metadata
        return live.info

    async def _list_participants(self, claims: Claims, message: room.ListParticipantsRequest) -> Message:
        access.require_room_admin(claims, message.room)
        live = self.rooms.live.get(message.room)
        return room.ListParticipantsResponse(participants=live.participants.values() if live else [])

    async def _get_participant(self, claims: Claims, message: room.RoomParticipantIdentity) -> Message:
        access.require_room_admin(claims, message.room)
        return self._participant(message)[1]

    async def _remove_participant(self, claims: Claims, message: room.RoomParticipantIdentity) -> Message:
        access.require_room_admin(claims, message.room)
        live, participant = self._participant(message)
        removed = models.DisconnectReason.PARTICIPANT_REMOVED
        self.sip.hang_up(message.room, participant.identity)
        self.rooms.leave(live, participant.identity, removed)
        return room.RemoveParticipantResponse()

    def _participant(self, message: room.RoomParticipantIdentity) -> tuple[LiveRoom, models.ParticipantInfo]:
        live = self.rooms.live.get(message.room)
        participant = live.participants.get(message.identity) if live else None
        if live is None or participant is None:
            raise TwirpFault("not_found", "twirp error unknown: participant does not exist")
        return live, participant

    async def _create_trunk(self, claims: Claims, message: sip.CreateSIPOutboundTrunkRequest) -> Message:
        access.require_sip(claims, "admin")
        trunk = sip.SIPOutboundTrunkInfo()
        trunk.CopyFrom(message.trunk)
        trunk.sip_trunk_id = new_id("ST")
        self.sip.trunks[trunk.sip_trunk_id] = trunk
        return trunk

    async def _list_trunks(self, claims: Claims, message: sip.ListSIPOutboundTrunkRequest) -> Message:
        access.require_sip(claims, "admin")
        wanted = set(message.trunk_ids)
        found = [trunk for key, trunk in self.sip.trunks.items() if not wanted or key in wanted]
        return sip.ListSIPOutboundTrunkResponse(items=found)

    async def _delete_trunk(self, claims: Claims, message: sip.DeleteSIPTrunkRequest) -> Message:
        access.require_sip(claims, "admin")
        if self.sip.trunks.pop(message.sip_trunk_id, None) is None:
            raise TwirpFault("not_found", "requested sip trunk does not exist")
        return sip.SIPTrunkInfo(sip_trunk_id=message.sip_trunk_id)

    async def _dial(self, claims: Claims, message: sip.CreateSIPParticipantRequest) -> Message:
        access.require_sip(claims, "call")
        return await self.sip.dial(message)

    async def _start(self, _: web.Application) -> None:
        self.rooms.spawn(collect_when_idle(lambda: self._log.last_s))

    async def _stop(self, _: web.Application) -> None:
        await self.rooms.stop()
        await self._sender.close()
        self._log.close()


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="OK")
