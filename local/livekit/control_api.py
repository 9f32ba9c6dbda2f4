"""The control API of the stand-in, by which tests set its behaviour and simulate participants."""

from __future__ import annotations

from aiohttp import web
from google.protobuf.json_format import ParseDict
from livekit.api import TokenVerifier
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.room import RoomConfiguration

from local.livekit.fault_injection import FaultInjector
from local.livekit.ids import new_id
from local.livekit.rooms import RoomRegistry
from local.livekit.sip import SipService
from local.livekit.webhooks import WebhookSender


class ControlApi:
    """The routes under `/_control`; `README.md` has their bodies."""

    def __init__(
        self,
        rooms: RoomRegistry,
        sip: SipService,
        sender: WebhookSender,
        faults: FaultInjector,
        verifier: TokenVerifier,
    ) -> None:
        self._rooms, self._sip, self._sender = rooms, sip, sender
        self._faults, self._verifier = faults, verifier

    def add_to(self, app: web.Application) -> None:
        """Add the routes to an application."""
        app.router.add_put("/_control/agents/{name}", self._set_agent)
        app.router.add_put("/_control/trunks/{trunk_id}", self._set_trunk)
        app.router.add_put("/_control/webhooks", self._set_webhooks)
        app.router.add_put("/_control/faults", self._plan_faults)
        app.router.add_put("/_control/restart", self._restart)
        app.router.add_put("/_control/joins", self._join)
        app.router.add_put("/_control/leaves", self._leave)
        app.router.add_get("/_control/requests", self._count_requests)
        app.router.add_get("/_control/state", self._show_state)

    async def _set_agent(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._rooms.agents.joins_after_s[request.match_info["name"]] = body["joins_after_s"]
        return web.json_response({})

    async def _set_trunk(self, request: web.Request) -> web.Response:
        body = await request.json()
        trunk_id = request.match_info["trunk_id"]
        if body["max_cps"] is None:
            self._sip.limits.cps.pop(trunk_id, None)
        else:
            self._sip.limits.cps[trunk_id] = body["max_cps"]
        return web.json_response({})

    async def _set_webhooks(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._sender.urls = body["urls"]
        self._sender.delay_s = body.get("delay_s", 0.0)
        self._sender.tells_tracks = body.get("tracks", False)
        return web.json_response({})

    async def _restart(self, request: web.Request) -> web.Response:
        """Kill the server and start it again: calls end without a webhook."""
        self._sip.restart()
        self._rooms.restart(keeps_rooms=(await request.json())["keeps_rooms"])
        self._sender.drop_queued()
        return web.json_response({})

    async def _plan_faults(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._faults.plan(body["method"], body["how"], body["times"], body.get("about", ""))
        return web.json_response({})

    async def _join(self, request: web.Request) -> web.Response:
        """Let a web participant join with a token; a room that is new dispatches the token's agents."""
        claims = self._verifier.verify((await request.json())["token"])
        video = claims.video
        if video is None or not video.room_join:
            return web.json_response({"error": "no grant"}, status=401)
        is_new = video.room not in self._rooms.active
        config = claims.room_config or RoomConfiguration()
        if not isinstance(config, RoomConfiguration):
            config = ParseDict(config, RoomConfiguration())
        room = self._rooms.get_or_create(video.room, config.metadata)
        if is_new:
            for agent in config.agents:
                self._rooms.dispatch(room, agent.agent_name, agent.metadata)
        if claims.identity in room.participants:
            self._rooms.leave(room, claims.identity, DisconnectReason.DUPLICATE_IDENTITY)
        participant = ParticipantInfo(
            sid=new_id("PA"),
            identity=claims.identity,
            name=claims.name,
            kind=ParticipantInfo.Kind.STANDARD,
            state=ParticipantInfo.State.ACTIVE,
        )
        self._rooms.join(room, participant, hidden=bool(video.hidden))
        await self._sender.flush(video.room)
        return web.json_response({"sid": participant.sid})

    async def _count_requests(self, _: web.Request) -> web.Response:
        """Return the number of Twirp requests so far."""
        return web.json_response({"count": self._faults.requests})

    async def _show_state(self, _: web.Request) -> web.Response:
        """Return the calls of each trunk, and as text all that rooms, participants and dispatches show."""
        rooms = [
            f"{room.info} {list(room.participants.values())} {list(room.dispatches.values())}"
            for room in self._rooms.active.values()
        ]
        return web.json_response({"legs": self._sip.legs_by_trunk(), "rooms": rooms})

    async def _leave(self, request: web.Request) -> web.Response:
        body = await request.json()
        room = self._rooms.active.get(body["room"])
        reason = DisconnectReason.Value(body.get("reason", "CLIENT_INITIATED"))
        if room:
            self._rooms.leave(room, body["identity"], reason)
            await self._sender.flush(body["room"])
        return web.json_response({})
