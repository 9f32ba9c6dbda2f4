"""Event types that endpoints subscribe to, and the step of a call that each reports. Pure.

A new type needs a line in `TYPE_OF_CALL_EVENT`, if it is a call's, and in `docs/webhooks.md`; mypy and the
tests name the other places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    """The type of an event; `docs/webhooks.md` says when each is sent."""

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
    {"*", "call.*", "call.agent.*", "trunk.*", "webhook.*"} | {event_type.value for event_type in EventType}
)
"""The patterns that a filter may contain."""

FINAL = frozenset({EventType.CALL_COMPLETED, EventType.CALL_FAILED, EventType.CALL_DISCONNECTED})

TYPE_OF_CALL_EVENT: Mapping[str, EventType] = {
    "active": EventType.CALL_CONNECTED,
    "completed": EventType.CALL_COMPLETED,
    "failed": EventType.CALL_FAILED,
    "timeout": EventType.CALL_FAILED,
    "cancelled": EventType.CALL_FAILED,
    "disconnected": EventType.CALL_DISCONNECTED,
    "agent_changed": EventType.CALL_AGENT_CHANGED,
}
"""The events of a call's timeline that are sent; the stream's filter in infrastructure has the same."""


@dataclass(frozen=True)
class Event:
    """An event, whoever receives it; `id` is the same for every retry and replay.

    `data` is the whole payload, or for an event of a call the part that the call does not contain. `trace_id`
    is that of the request that created the call, if it had one.
    """

    id: str
    type: EventType
    tenant_id: str
    livemode: bool
    at_ms: int
    data: Mapping[str, object]
    call_id: str | None = None
    sequence: int | None = None
    trace_id: str | None = None


def type_of_call_event(call_event: str, sequence: int) -> EventType | None:
    """Return the type of event that a step of a call's timeline is; None if it is not an event.

    The first step, whatever its name, is the acceptance of the call.
    """
    if sequence == 1:
        return EventType.CALL_STARTED
    return TYPE_OF_CALL_EVENT.get(call_event)


def call_event_id(call_id: str, sequence: int) -> str:
    """Return the id of a call's event, which is the same for a repeated stream record."""
    return f"evt_{call_id.replace('-', '')}{sequence:06d}"


def is_selected(patterns: Iterable[str], event_type: EventType) -> bool:
    """Tell whether a webhook's filter selects an event; it never filters a ping."""
    return event_type is EventType.WEBHOOK_PING or matches(patterns, event_type)


def matches(patterns: Iterable[str], event_type: EventType) -> bool:
    """Tell whether a type is one of those that patterns name, or of their groups; no patterns name all."""
    selected = tuple(patterns)
    return not selected or any(
        pattern in ("*", event_type)
        or (pattern.endswith(".*") and event_type.startswith(pattern.removesuffix("*")))
        for pattern in selected
    )
