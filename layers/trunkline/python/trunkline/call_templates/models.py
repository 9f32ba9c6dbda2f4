"""Automations (triggers and schedules): stored templates that start calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from trunkline.storage.keys.tenants import tenant_mode_of


class CallKind(StrEnum):
    """Which route's body the template makes."""

    WORKFLOW = "workflow"
    OUTBOUND = "outbound"
    SCHEDULE = "schedule"


class EventOutcome(StrEnum):
    """What came of an event."""

    CALLED = "called"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


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

    @property
    def tenant_mode(self) -> str:
        """The tenant and mode it belongs to."""
        return tenant_mode_of(self.tenant_id, self.livemode)


def stored(kind: type[Automation], item: Mapping[str, Any]) -> dict[str, Any]:
    """A stored starter's fields; what is left out of the table is None."""
    values: dict[str, Any] = {field.name: item.get(field.name) for field in fields(kind)}
    return {**values, "kind": CallKind(item["kind"])}
