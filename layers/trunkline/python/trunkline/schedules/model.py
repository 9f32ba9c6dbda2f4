"""A schedule as it is stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from trunkline.schedules.timing import Timing
from trunkline.triggers.model import CallKind, Outcome


@dataclass(frozen=True)
class Schedule:
    """When a call is made, and which: `body_json` is a template of the body of the route that `kind` names.

    Its moments are those of `Timing`, after `timed_ms`, when they were last chosen, and `starts_at_ms`; each
    may come up to `flexible_window_minutes` later.
    """

    id: str
    tenant_id: str
    livemode: bool
    name: str
    description: str
    enabled: bool
    kind: CallKind
    body_json: str
    cron: str | None
    rate_minutes: int | None
    at_ms: int | None
    timezone: str
    timed_ms: int
    starts_at_ms: int | None
    ends_ms: int | None
    flexible_window_minutes: int
    version: int
    created_at_ms: int
    updated_at_ms: int

    @property
    def timing(self) -> Timing:
        starts_ms = max(self.timed_ms, self.starts_at_ms or 0)
        return Timing(self.cron, self.rate_minutes, self.at_ms, self.timezone, starts_ms, self.ends_ms)

    def as_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


_FIELDS = {field.name for field in fields(Schedule)}


def schedule_from_attributes(item: Mapping[str, Any]) -> Schedule:
    """Read a stored schedule."""
    values: dict[str, Any] = {name: item.get(name) for name in _FIELDS}
    return Schedule(**{**values, "kind": CallKind(item["kind"])})


@dataclass(frozen=True)
class Run:
    """What came of one of a schedule's moments."""

    schedule_id: str
    at_ms: int
    due_ms: int
    outcome: Outcome
    call_id: str | None = None
    error: str | None = None
