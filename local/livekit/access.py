"""Who may do what: LiveKit's tokens and grants."""

from __future__ import annotations

import jwt
from aiohttp import web
from livekit.api import TokenVerifier
from livekit.api.access_token import Claims

from local.livekit.twirp import TwirpFault


class NotAllowed(Exception):
    """A refusal that LiveKit words in plain text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def claims_of(request: web.Request, api_key: str, api_secret: str) -> Claims:
    """Verify a request's token, with LiveKit's minute of leeway."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        raise _denied()
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if issuer != api_key:
            raise NotAllowed(f"invalid API key: {issuer}")
        return TokenVerifier(api_key, api_secret).verify(token)
    except jwt.ExpiredSignatureError as error:
        raise NotAllowed(f"invalid token: {token}, error: token is expired (exp)") from error
    except jwt.InvalidTokenError as error:
        raise NotAllowed(f"invalid token: {token}") from error


def require_room_admin(claims: Claims, room: str) -> None:
    """`roomAdmin` for this room; a token without a room is good for every one."""
    grants = claims.video
    if not grants or not grants.room_admin or (grants.room and grants.room != room):
        raise _denied()


def require_video(claims: Claims, grant: str) -> None:
    """A server-wide grant: `room_create` or `room_list`."""
    if not claims.video or not getattr(claims.video, grant):
        raise _denied()


def require_sip(claims: Claims, grant: str) -> None:
    """`call` to dial, `admin` for trunks."""
    if not claims.sip or not getattr(claims.sip, grant):
        raise _denied()


def _denied() -> TwirpFault:
    return TwirpFault("unauthenticated", "permissions denied")
