"""Tokens for people and for agents' proofs: signed and read in-process, no request to LiveKit.

Source: https://docs.livekit.io/home/get-started/authentication/ (claims and grants); what a job's token
looks like is measured in `docs/livekit.md`.
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
    """What a join token says: where, who (`name` is what others are shown), and how long it is good."""

    room: str
    identity: str
    name: str
    now_s: int
    expires_s: int


def caller_token(
    credentials: LiveKitCredentials, join: JoinClaims, *, call_id: str, livekit_agent_name: str
) -> str:
    """The token with which the person of a web call joins; the room it makes calls the agent in.

    LiveKit dispatches `roomConfig.agents` when this join creates the room, so that no agent waits in
    an empty one. The metadata carries the call's id and nothing else: its bearer can read it. The room's
    own says that its agents' joins matter.
    """
    agents = [{"agentName": livekit_agent_name, "metadata": json.dumps({"call_id": call_id})}]
    grants = {"canPublish": True, "canSubscribe": True, "canPublishData": True}
    config = {"agents": agents, "metadata": WATCHED_ROOM}
    return _sign(credentials, join, grants, {"roomConfig": config})


def listener_token(credentials: LiveKitCredentials, join: JoinClaims) -> str:
    """A token to listen in: unseen, and unable to speak or to send."""
    grants = {"canSubscribe": True, "hidden": True, "canPublish": False, "canPublishData": False}
    return _sign(credentials, join, grants, {})


def issuer_of(token: str) -> str:
    """The API key that a token says it was signed with: nothing is proved by it yet."""
    import jwt  # noqa: PLC0415 - with cryptography it is 9 MB; most requests sign nothing

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("iss", ""))


@dataclass(frozen=True)
class AgentClaims:
    """What an agent's token proves: its claim, and the tenant in whose own project it is (None: the
    deployment's)."""

    claim: CallAttemptRef
    livekit_tenant_id: str | None


def verify_agent_token(token: str, signers: Callable[[str], Iterable[LiveKitCredentials]]) -> AgentClaims:
    """Read an agent's proof: signed with its project's key, of kind agent, for one room of ours.

    Raises:
        InvalidAgentToken: anything else; a caller's own token has no kind.
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
