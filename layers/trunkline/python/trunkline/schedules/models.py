"""A schedule as it is stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.call_templates.models import Automation, EventOutcome, stored
from trunkline.schedules.timing import Timing


@dataclass(frozen=True)
class Schedule(Automation):
    """Starts calls at the times of its `Timing`.

    They begin after `timed_ms`, when the timing was last changed, and `starts_at_ms`; a run may start up to
    `flexible_window_minutes` late.
    """

    cron: str | None
    rate_minutes: int | None
    at_ms: int | None
    timezone: str
    timed_ms: int
    starts_at_ms: int | None
    ends_ms: int | None
    flexible_window_minutes: int

    @property
    def timing(self) -> Timing:
        starts_ms = max(self.timed_ms, self.starts_at_ms or 0)
        return Timing(self.cron, self.rate_minutes, self.at_ms, self.timezone, starts_ms, self.ends_ms)


def schedule_from_attributes(item: Mapping[str, Any]) -> Schedule:
    """Read a stored schedule."""
    return Schedule(**stored(Schedule, item))


@dataclass(frozen=True)
class Run:
    """The outcome of one run of a schedule."""

    schedule_id: str
    at_ms: int
    due_ms: int
    outcome: EventOutcome
    call_id: str | None = None
    error: str | None = None
