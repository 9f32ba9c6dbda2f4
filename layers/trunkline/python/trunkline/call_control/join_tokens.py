"""Join tokens of callers and listeners for a call's room."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.call_control.workflow_call_schemas import OpenedCall
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.value_objects import Channel
from trunkline.core.clock import Clock
from trunkline.core.errors import CallEnded
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.rooms import CALLER, room_name
from trunkline.livekit.tokens import JoinClaims, caller_token, listener_token

_LISTEN_S = 3600


class JoinToken(TypedDict):
    """A listener's token; a later attempt of a phone call has another room."""

    room_name: str
    token: str
    url: str


@dataclass(frozen=True)
class JoinTokenService:
    """Signs tokens in-process: no request to LiveKit."""

    calls: CallRepository
    livekit: Callable[[Call], LiveKitCredentials]
    clock: Clock

    def for_caller(self, call: Call) -> OpenedCall:
        """Return the response to an accepted call: the caller's token, or a listener's for a phone call."""
        credentials = self.livekit(call)
        room = call.room_name or room_name(call.id, 1)
        is_web = call.channel is Channel.WEB
        token = self._caller(call, credentials) if is_web else self._listener(room, credentials)
        return {
            "call_id": call.id,
            "room_name": room,
            "token": token,
            "url": credentials.join_url,
            "status": "pending",
        }

    def for_listener(self, principal: Principal, call_id: str) -> JoinToken:
        """Sign a listener's token.

        Raises:
            NotFound: no such call, or not the principal's.
            CallEnded: the call has ended.
        """
        call = require_own(self.calls.load(parse_call_id(call_id)), principal)
        if call.is_terminal:
            raise CallEnded
        room, credentials = call.room_name or room_name(call.id, call.claim + 1), self.livekit(call)
        return {"room_name": room, "token": self._listener(room, credentials), "url": credentials.join_url}

    def _caller(self, call: Call, credentials: LiveKitCredentials) -> str:
        now_s = self.clock.wall_ms() // 1000
        join = JoinClaims(
            call.room_name or "", CALLER, call.user_id or CALLER, now_s, call.expires_at_ms // 1000
        )
        return caller_token(
            credentials, join, call_id=call.id, livekit_agent_name=call.agent.livekit_agent_name
        )

    def _listener(self, room: str, credentials: LiveKitCredentials) -> str:
        now_s, identity = self.clock.wall_ms() // 1000, f"listener-{secrets.token_hex(6)}"
        return listener_token(credentials, JoinClaims(room, identity, "listener", now_s, now_s + _LISTEN_S))
