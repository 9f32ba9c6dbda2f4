"""Request and response schemas of schedules."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator
from typing_extensions import TypedDict

from trunkline.call_templates.schemas import template_of
from trunkline.call_templates.shown_body import shown_body
from trunkline.core.field_types import Moment, Zone
from trunkline.core.timestamps import iso_from_ms, iso_or_none, moment_ms
from trunkline.core.validation import Bounded, InputModel
from trunkline.schedules.cron import aws_cron
from trunkline.schedules.models import Run, Schedule
from trunkline.schedules.timing import Timing, upcoming

_RATE = re.compile(r"^([1-9][0-9]{0,4}) (minute|hour|day)s?$")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_SHOWN_RUNS = 5


class ScheduleTimes(InputModel):
    """When a schedule runs: one of `cron` (five crontab fields in `timezone`), `rate` (`15 minutes`) and `at`
    sets the times, between `starts_at` and `ends_at`."""

    messages: ClassVar[dict[str, str]] = {
        "rate": "rate must be like 15 minutes, 2 hours or 1 day",
        "at": "at must be an ISO 8601 time with its offset",
        "starts_at": "starts_at must be an ISO 8601 time with its offset",
        "ends_at": "ends_at must be an ISO 8601 time with its offset",
        "timezone": "timezone must be an IANA name, as Europe/Berlin",
    }

    cron: Annotated[str, Field(max_length=100)] | None = None
    rate: Annotated[str, Field(pattern=_RATE.pattern)] | None = None
    at: Moment | None = None
    timezone: Zone = "UTC"
    starts_at: Moment | None = None
    ends_at: Moment | None = None

    @field_validator("cron")
    @classmethod
    def _a_line(cls, value: str | None) -> str | None:
        if value is not None:
            aws_cron(value)
        return value

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if sum(each is not None for each in (self.cron, self.rate, self.at)) != 1:
            raise ValueError("one of cron, rate and at must say when")
        if self.starts_at and self.ends_at and moment_ms(self.starts_at) >= moment_ms(self.ends_at):
            raise ValueError("ends_at must be later than starts_at")
        return self

    @property
    def rate_minutes(self) -> int | None:
        found = _RATE.match(self.rate or "")
        return int(found[1]) * _MINUTES[found[2]] if found else None


class ScheduleSpec(ScheduleTimes):
    """A schedule: `body` is the body of `POST /calls` (`kind` workflow) or `/calls/outbound`, with
    `{{schedule.…}}` in it: `time`, `local_time`, `date`, `name`.
    """

    messages: ClassVar[dict[str, str]] = ScheduleTimes.messages | {
        "kind": "kind must be workflow or outbound",
        "enabled": "enabled must be true or false",
    }

    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(max_length=500)] = ""
    enabled: bool = True
    kind: Annotated[str, Field(pattern="^(workflow|outbound)$")] = "workflow"
    body: dict[str, Any]
    flexible_window_minutes: Annotated[int, Bounded(0, _MINUTES["day"])] = 0

    @field_validator("body")
    @classmethod
    def _templates(cls, value: dict[str, Any]) -> dict[str, Any]:
        return template_of("schedule", value)


class ScheduleView(TypedDict):
    """A schedule; `next_runs` are the times of its next runs, empty while it is paused."""

    id: str
    version: int
    name: str
    description: str
    enabled: bool
    kind: str
    body: dict[str, Any]
    cron: str | None
    rate: str | None
    at: str | None
    timezone: str
    starts_at: str | None
    ends_at: str | None
    flexible_window_minutes: int
    next_runs: list[str]
    livemode: bool
    created_at: str
    updated_at: str


class SchedulePreview(TypedDict):
    """The times of the next runs, in order."""

    next_runs: list[str]


class ScheduleList(TypedDict):
    data: list[ScheduleView]
    next_cursor: str | None


class RunView(TypedDict):
    """The outcome of a run: called, duplicate or refused, with the reason; it was due at `due_at` and
    happened at `at`."""

    at: str
    due_at: str
    outcome: str
    call_id: str | None
    error: str | None


class RunList(TypedDict):
    data: list[RunView]
    next_cursor: str | None


def schedule_view(schedule: Schedule, now_ms: int) -> ScheduleView:
    coming = coming_runs(schedule.timing, now_ms) if schedule.enabled else []
    return {
        "id": schedule.id,
        "version": schedule.version,
        "name": schedule.name,
        "description": schedule.description,
        "enabled": schedule.enabled,
        "kind": schedule.kind.value,
        "body": shown_body(schedule),
        "cron": schedule.cron,
        "rate": _rate(schedule.rate_minutes),
        "at": iso_or_none(schedule.at_ms),
        "timezone": schedule.timezone,
        "starts_at": iso_or_none(schedule.starts_at_ms),
        "ends_at": iso_or_none(schedule.ends_ms),
        "flexible_window_minutes": schedule.flexible_window_minutes,
        "next_runs": coming,
        "livemode": schedule.livemode,
        "created_at": iso_from_ms(schedule.created_at_ms),
        "updated_at": iso_from_ms(schedule.updated_at_ms),
    }


def coming_runs(timing: Timing, now_ms: int) -> list[str]:
    """Return the times of the next five runs."""
    return [iso_from_ms(each) for each in upcoming(timing, now_ms, _SHOWN_RUNS)]


def run_view(run: Run) -> RunView:
    """Show the outcome of a run."""
    return {
        "at": iso_from_ms(run.at_ms),
        "due_at": iso_from_ms(run.due_ms),
        "outcome": run.outcome.value,
        "call_id": run.call_id,
        "error": run.error,
    }


def _rate(minutes: int | None) -> str | None:
    if minutes is None:
        return None
    unit = next(name for name in ("day", "hour", "minute") if minutes % _MINUTES[name] == 0)
    number = minutes // _MINUTES[unit]
    return f"{number} {unit}{'' if number == 1 else 's'}"
