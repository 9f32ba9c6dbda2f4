"""Triggers and the events they received, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.call_templates.models import Automation, EventOutcome, stored


@dataclass(frozen=True)
class Trigger(Automation):
    """Starts a call at an event."""

    when: str | None
    event_id: str
    secret: bytes


def trigger_from_attributes(item: Mapping[str, Any]) -> Trigger:
    """Read a stored trigger."""
    return Trigger(**{**stored(Trigger, item), "secret": bytes(item["secret"])})


@dataclass(frozen=True)
class ReceivedEvent:
    """The outcome of one event of a trigger."""

    trigger_id: str
    at_ms: int
    outcome: EventOutcome
    event_id: str | None = None
    call_id: str | None = None
    error: str | None = None
