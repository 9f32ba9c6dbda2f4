"""Join tokens of people, and verification of agents' tokens, without a request to LiveKit.

Source: https://docs.livekit.io/home/get-started/authentication/ (claims and grants); `docs/livekit.md`
describes the token of an agent's job.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from trunkline.core.errors import InvalidAgentToken
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.rooms import WATCHED_ROOM, CallAttemptRef, parse_room_name

_LEEWAY_S = 10
_ALGORITHM = "HS256"


@dataclass(frozen=True)
class JoinClaims:
    """The content of a join token: room, identity, the `name` that others see, and its lifetime."""

    room: str
    identity: str
    name: str
    now_s: int
    expires_s: int


def caller_token(
    credentials: LiveKitCredentials, join: JoinClaims, *, call_id: str, livekit_agent_name: str
) -> str:
    """Sign the token with which the person of a web call joins; the join also dispatches the agent.

    LiveKit dispatches `roomConfig.agents` when this join creates the room, so that no agent waits in an
    empty one. The agent's metadata has only the call's id, because the bearer of the token can read it. The
    room's metadata marks it as one in which agents' joins matter.
    """
    agents = [{"agentName": livekit_agent_name, "metadata": json.dumps({"call_id": call_id})}]
    grants = {"canPublish": True, "canSubscribe": True, "canPublishData": True}
    config = {"agents": agents, "metadata": WATCHED_ROOM}
    return _sign(credentials, join, grants, {"roomConfig": config})


def listener_token(credentials: LiveKitCredentials, join: JoinClaims) -> str:
    """Sign a token to listen in: hidden, without the right to speak or to send data."""
    grants = {"canSubscribe": True, "hidden": True, "canPublish": False, "canPublishData": False}
    return _sign(credentials, join, grants, {})


def issuer_of(token: str) -> str:
    """Return the API key that a token claims to be signed with; that proves nothing yet."""
    import jwt  # noqa: PLC0415 - with cryptography it is 9 MB; most requests sign nothing

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("iss", ""))


@dataclass(frozen=True)
class AgentClaims:
    """The verified content of an agent's token: its claim, and the tenant that owns the project (None: the
    deployment)."""

    claim: CallAttemptRef
    livekit_tenant_id: str | None


def verify_agent_token(token: str, signers: Callable[[str], Iterable[LiveKitCredentials]]) -> AgentClaims:
    """Verify an agent's token: signed with its project's key, of kind agent, for one of our rooms.

    Raises:
        InvalidAgentToken: it is anything else; a caller's token has no kind.
    """
    for credentials in signers(issuer_of(token)):
        claims = _verify(token, credentials)
        if claims is not None:
            return AgentClaims(_attempt_of(claims), credentials.tenant_id)
    raise InvalidAgentToken


def _verify(token: str, credentials: LiveKitCredentials) -> dict[str, Any] | None:
    import jwt  # noqa: PLC0415 - see above

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            credentials.api_secret,
            algorithms=[_ALGORITHM],
            issuer=credentials.api_key,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss"]},
        )
    except jwt.InvalidTokenError:
        return None
    return claims


def _attempt_of(claims: dict[str, Any]) -> CallAttemptRef:
    video = claims.get("video")
    room = video.get("room") if isinstance(video, dict) and video.get("roomJoin") is True else None
    claim = parse_room_name(room) if isinstance(room, str) and claims.get("kind") == "agent" else None
    if claim is None:
        raise InvalidAgentToken
    return claim


def _sign(
    credentials: LiveKitCredentials, join: JoinClaims, grants: dict[str, bool], extra_claims: dict[str, Any]
) -> str:
    import jwt  # noqa: PLC0415 - see above

    claims = {"iss": credentials.api_key, "sub": join.identity, "name": join.name} | extra_claims
    claims |= {"nbf": join.now_s, "exp": join.expires_s}
    claims["video"] = {"room": join.room, "roomJoin": True} | grants
    return jwt.encode(claims, credentials.api_secret, _ALGORITHM)
