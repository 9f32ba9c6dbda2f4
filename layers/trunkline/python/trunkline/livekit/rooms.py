"""Names in LiveKit that identify a call and its claim; LiveKit's webhooks bring them back."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ROOM = re.compile(
    r"call-(?P<call_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(-(?P<claim>[0-9]{1,9}))?"
)
CALLER = "caller"
"""The identity of the person of a web call."""

AGENT_PREFIX = "agent-"
"""An agent's identity is this and its job's id, unless its worker says otherwise."""

MAX_ID = 128
"""Characters that are kept of an id of LiveKit's; a tenant's own may send any number."""

WATCHED_ROOM = "trunkline: agents' joins matter"
"""Metadata of a room in which an agent's join changes the call. A phone call's room has none: the
dialer waited for the agent itself, so the agent's webhook needs no read of the table."""

CALL_ID_HEADER = "X-Trunkline-Call-Id"
TRACE_ID_HEADER = "X-Trunkline-Trace-Id"


@dataclass(frozen=True)
class CallAttemptRef:
    call_id: str
    claim: int


def room_name(call_id: str, claim: int) -> str:
    """Return `call-<id>` for the first claim, `call-<id>-<claim>` for later ones."""
    return f"call-{call_id}" if claim == 1 else f"call-{call_id}-{claim}"


def parse_room_name(room: str) -> CallAttemptRef | None:
    """Return the call and claim of a room; None for a room that is not ours."""
    match = _ROOM.fullmatch(room)
    if not match:
        return None
    return CallAttemptRef(match["call_id"], int(match["claim"] or 1))


def callee_identity(claim: int) -> str:
    """Return the identity of the person who is phoned."""
    return f"callee-{claim}"
