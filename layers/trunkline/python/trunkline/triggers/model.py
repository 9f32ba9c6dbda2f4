"""A trigger as it is stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class CallKind(StrEnum):
    """Which route's body the template makes."""

    WORKFLOW = "workflow"
    OUTBOUND = "outbound"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Trigger:
    """What starts a call: `body_json` is a template of the body of the route that `kind` names."""

    id: str
    tenant_id: str
    livemode: bool
    name: str
    description: str
    enabled: bool
    kind: CallKind
    body_json: str
    when: str | None
    event_id: str
    secret: bytes
    version: int
    created_at_ms: int
    updated_at_ms: int

    def as_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


_FIELDS = {field.name for field in fields(Trigger)}


def trigger_from_attributes(item: Mapping[str, Any]) -> Trigger:
    """Read a stored trigger."""
    values: dict[str, Any] = {name: item.get(name) for name in _FIELDS}
    return Trigger(**{**values, "kind": CallKind(item["kind"]), "secret": bytes(item["secret"])})


class Outcome(StrEnum):
    """What came of an event."""

    CALLED = "called"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Received:
    """One event that a trigger took, or did not."""

    trigger_id: str
    at_ms: int
    outcome: Outcome
    event_id: str | None = None
    call_id: str | None = None
    error: str | None = None
