"""What tests tell the stand-in: how agents and carriers behave, and who joins and leaves."""

from __future__ import annotations

from aiohttp import web
from google.protobuf.json_format import ParseDict
from livekit.api import TokenVerifier
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.room import RoomConfiguration

from local.livekit.faults import Faults
from local.livekit.ids import new_id
from local.livekit.rooms import Rooms
from local.livekit.sip import Sip
from local.livekit.webhooks import WebhookSender


class Control:
    """The routes under `/_control`."""

    def __init__(
        self, rooms: Rooms, sip: Sip, sender: WebhookSender, faults: Faults, verifier: TokenVerifier
    ) -> None:
        self._rooms, self._sip, self._sender = rooms, sip, sender
        self._faults, self._verifier = faults, verifier

    def add_to(self, app: web.Application) -> None:
        app.router.add_put("/_control/agents/{name}", self._agent)
        app.router.add_put("/_control/trunks/{trunk_id}", self._trunk)
        app.router.add_put("/_control/webhooks", self._webhooks)
        app.router.add_put("/_control/faults", self._plan_faults)
        app.router.add_put("/_control/joins", self._join)
        app.router.add_put("/_control/leaves", self._leave)
        app.router.add_get("/_control/requests", self._requests)

    async def _agent(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._rooms.agents.joins_after_s[request.match_info["name"]] = body["joins_after_s"]
        return web.json_response({})

    async def _trunk(self, request: web.Request) -> web.Response:
        body = await request.json()
        trunk_id = request.match_info["trunk_id"]
        if body["max_cps"] is None:
            self._sip.limits.cps.pop(trunk_id, None)
        else:
            self._sip.limits.cps[trunk_id] = body["max_cps"]
        return web.json_response({})

    async def _webhooks(self, request: web.Request) -> web.Response:
        self._sender.urls = (await request.json())["urls"]
        return web.json_response({})

    async def _plan_faults(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._faults.plan(body["method"], body["how"], body["times"])
        return web.json_response({})

    async def _join(self, request: web.Request) -> web.Response:
        """Join as a person with a token would: the room that the join makes calls its agents in."""
        claims = self._verifier.verify((await request.json())["token"])
        video = claims.video
        if video is None or not video.room_join:
            return web.json_response({"error": "no grant"}, status=401)
        new = video.room not in self._rooms.live
        wanted = claims.room_config or RoomConfiguration()
        config = wanted if isinstance(wanted, RoomConfiguration) else ParseDict(wanted, RoomConfiguration())
        room = self._rooms.ensure(video.room, config.metadata)
        if new:
            for agent in config.agents:
                self._rooms.dispatch(room, agent.agent_name, agent.metadata)
        if claims.identity in room.participants:
            self._rooms.leave(room, claims.identity, DisconnectReason.DUPLICATE_IDENTITY)
        person = ParticipantInfo(
            sid=new_id("PA"),
            identity=claims.identity,
            name=claims.name,
            kind=ParticipantInfo.Kind.STANDARD,
            state=ParticipantInfo.State.ACTIVE,
        )
        self._rooms.join(room, person, unseen=bool(video.hidden))
        return web.json_response({"sid": person.sid})

    async def _requests(self, _: web.Request) -> web.Response:
        """How many requests were made of LiveKit."""
        return web.json_response({"count": self._faults.requests})

    async def _leave(self, request: web.Request) -> web.Response:
        body = await request.json()
        room = self._rooms.live.get(body["room"])
        reason = DisconnectReason.Value(body.get("reason", "CLIENT_INITIATED"))
        if room:
            self._rooms.leave(room, body["identity"], reason)
        return web.json_response({})
