"""Triggers, and what they have in common with schedules, as they are stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class CallKind(StrEnum):
    """Which route's body the template makes."""

    WORKFLOW = "workflow"
    OUTBOUND = "outbound"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Automation:
    """What starts calls with nobody asking: `body_json` is a template of the body of the route that `kind`
    names."""

    id: str
    tenant_id: str
    livemode: bool
    name: str
    description: str
    enabled: bool
    kind: CallKind
    body_json: str
    version: int
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True)
class Trigger(Automation):
    """Starts a call at an event."""

    when: str | None
    event_id: str
    secret: bytes


def trigger_from_attributes(item: Mapping[str, Any]) -> Trigger:
    """Read a stored trigger."""
    return Trigger(**{**stored(Trigger, item), "secret": bytes(item["secret"])})


def stored(kind: type[Automation], item: Mapping[str, Any]) -> dict[str, Any]:
    """A stored starter's fields; what is left out of the table is None."""
    values: dict[str, Any] = {field.name: item.get(field.name) for field in fields(kind)}
    return {**values, "kind": CallKind(item["kind"])}


class EventOutcome(StrEnum):
    """What came of an event."""

    CALLED = "called"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class ReceivedEvent:
    """One event that a trigger took, or did not."""

    trigger_id: str
    at_ms: int
    outcome: EventOutcome
    event_id: str | None = None
    call_id: str | None = None
    error: str | None = None
