"""What endpoints can be told of, and which step of a call tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    """`docs/webhooks.md` says when each is sent."""

    CALL_STARTED = "call.started"
    CALL_CONNECTED = "call.connected"
    CALL_COMPLETED = "call.completed"
    CALL_FAILED = "call.failed"
    CALL_DISCONNECTED = "call.disconnected"
    CALL_AGENT_CHANGED = "call.agent.changed"
    TRUNK_PAUSED = "trunk.paused"
    TRUNK_RESUMED = "trunk.resumed"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_PING = "webhook.ping"


PATTERNS = frozenset(
    {"*", "call.*", "call.agent.*", "trunk.*", "webhook.*"} | {each.value for each in EventType}
)
"""What a filter may ask for."""

FINAL = frozenset({EventType.CALL_COMPLETED, EventType.CALL_FAILED, EventType.CALL_DISCONNECTED})

# The entry of a call's story that tells of it; the first entry is the call's acceptance.
_OF_CALLS = {
    "active": EventType.CALL_CONNECTED,
    "completed": EventType.CALL_COMPLETED,
    "failed": EventType.CALL_FAILED,
    "timeout": EventType.CALL_FAILED,
    "cancelled": EventType.CALL_FAILED,
    "disconnected": EventType.CALL_DISCONNECTED,
    "agent_changed": EventType.CALL_AGENT_CHANGED,
}


@dataclass(frozen=True)
class Event:
    """Something that happened, whoever is told of it; `id` is the same at every retry and replay.

    `data` is what is known from the event alone: all of it, or what to add to what the call says.
    """

    id: str
    type: EventType
    tenant_id: str
    livemode: bool
    at_ms: int
    data: Mapping[str, object]
    call_id: str | None = None
    sequence: int | None = None


def call_event(entry: str, sequence: int) -> EventType | None:
    """The event that an entry of a call's story is; None for steps on the way."""
    if sequence == 1:
        return EventType.CALL_STARTED
    return _OF_CALLS.get(entry)


def call_event_id(call_id: str, sequence: int) -> str:
    """The id of a call's event: it follows from the call, so that a stream's repeat makes no second one."""
    return f"evt_{call_id.replace('-', '')}{sequence:06d}"


def is_selected(patterns: Iterable[str], event_type: EventType) -> bool:
    """Say whether a filter asks for an event; an empty one asks for every event. A ping is never filtered."""
    wanted = tuple(patterns)
    if not wanted or event_type is EventType.WEBHOOK_PING:
        return True
    return any(
        pattern in ("*", event_type)
        or (pattern.endswith(".*") and event_type.startswith(pattern.removesuffix("*")))
        for pattern in wanted
    )
