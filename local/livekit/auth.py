"""Authentication and authorization by LiveKit's access tokens and their grants."""

from __future__ import annotations

import jwt
from aiohttp import web
from livekit.api import TokenVerifier
from livekit.api.access_token import Claims

from local.livekit.twirp import TwirpError


class Unauthorized(Exception):
    """A 401 response with a plain text body."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def verify_token(request: web.Request, api_key: str, api_secret: str) -> Claims:
    """Verify the token of a request, with LiveKit's leeway of a minute, and return its claims.

    Raises:
        Unauthorized: the token is invalid, expired, or of another API key.
        TwirpError: there is no token.
    """
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        raise _permission_denied()
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if issuer != api_key:
            raise Unauthorized(f"invalid API key: {issuer}")
        return TokenVerifier(api_key, api_secret).verify(token)
    except jwt.ExpiredSignatureError as error:
        raise Unauthorized(f"invalid token: {token}, error: token is expired (exp)") from error
    except jwt.InvalidTokenError as error:
        raise Unauthorized(f"invalid token: {token}") from error


def require_room_admin(claims: Claims, room: str) -> None:
    """Require the grant `roomAdmin` for a room; a token that names no room has it for all rooms."""
    grants = claims.video
    if not grants or not grants.room_admin or (grants.room and grants.room != room):
        raise _permission_denied()


def require_video_grant(claims: Claims, grant: str) -> None:
    """Require a server-wide video grant: `room_create` or `room_list`."""
    if not claims.video or not getattr(claims.video, grant):
        raise _permission_denied()


def require_sip_grant(claims: Claims, grant: str) -> None:
    """Require a SIP grant: `call` to dial, or `admin` to manage trunks."""
    if not claims.sip or not getattr(claims.sip, grant):
        raise _permission_denied()


def _permission_denied() -> TwirpError:
    return TwirpError("unauthenticated", "permissions denied")
