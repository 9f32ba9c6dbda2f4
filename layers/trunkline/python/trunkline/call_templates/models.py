"""Automations (triggers and schedules): stored templates that start calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from trunkline.storage.keys.tenants import tenant_mode_of


class CallKind(StrEnum):
    """The route whose body the template renders."""

    WORKFLOW = "workflow"
    OUTBOUND = "outbound"
    SCHEDULE = "schedule"


class EventOutcome(StrEnum):
    """The outcome of an event."""

    CALLED = "called"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Automation:
    """Starts calls by itself; `body_json` is a template for the body of the route `kind`.

    The values of its `user_context` are encrypted beside it.
    """

    id: str
    tenant_id: str
    livemode: bool
    name: str
    description: str
    enabled: bool
    kind: CallKind
    body_json: str
    user_context: bytes | None
    version: int
    created_at_ms: int
    updated_at_ms: int

    @property
    def tenant_mode(self) -> str:
        """Return the tenant and mode that it belongs to."""
        return tenant_mode_of(self.tenant_id, self.livemode)


def stored(kind: type[Automation], item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored automation; absent ones are None."""
    values: dict[str, Any] = {field.name: item.get(field.name) for field in fields(kind)}
    context = values["user_context"]
    values["user_context"] = None if context is None else bytes(context)
    return {**values, "kind": CallKind(item["kind"])}
