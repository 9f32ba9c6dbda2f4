"""Authentication of agents by the LiveKit token of their job."""

from __future__ import annotations

from trunkline.core.errors import CallMismatch, InvalidAgentToken
from trunkline.http_api.request import Request
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.tokens import verify_agent_token

from .bootstrap.base import calls, livekit_projects


def authenticate(request: Request, call_id: str) -> CallAttemptRef:
    """Return the attempt of the call for which a request's token was issued.

    Raises:
        InvalidAgentToken: the token is missing, not valid, or signed by an unknown project.
        CallMismatch: the token is of another call, or of a LiveKit project that the call does not use.
    """
    token = request.bearer_token
    if token is None:
        raise InvalidAgentToken
    projects, call_id = livekit_projects(), call_id.lower()
    agent = verify_agent_token(token, projects.signers)
    if agent.claim.call_id != call_id:
        raise CallMismatch
    if agent.livekit_tenant_id and not projects.owns(agent.livekit_tenant_id, calls().load(call_id)):
        raise CallMismatch
    return agent.claim
