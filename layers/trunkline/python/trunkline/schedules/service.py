"""Use cases of schedules: their runs, beside the use cases of all resources."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import ResourceService
from trunkline.call_templates.create_call import BODIES, TemplateTargets, in_body
from trunkline.call_templates.models import CallKind
from trunkline.call_templates.user_context import changed_with_context
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import validated
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.schedules.models import Schedule
from trunkline.schedules.repository import ScheduleRepository, pending_sync_write
from trunkline.schedules.runner import ScheduleRunner
from trunkline.schedules.schemas import (
    RunList,
    RunView,
    SchedulePreview,
    ScheduleSpec,
    ScheduleTimes,
    ScheduleView,
    coming_runs,
    run_view,
    schedule_view,
)
from trunkline.schedules.timing import Timing
from trunkline.storage.table import Write

MAX_SCHEDULES = 100
_SHOWN_RUNS = 100
_TIMES = ("cron", "rate", "at")


@dataclass(frozen=True)
class ScheduleService(ResourceService[Schedule, ScheduleSpec, ScheduleView]):
    """A tenant's schedules of the key's mode; a change counts from the next run.

    Each change is synchronised to EventBridge Scheduler at once; the reconciler repeats it where that fails.
    """

    label = "Schedule"
    max_count = MAX_SCHEDULES
    schema = ScheduleSpec

    repository: ScheduleRepository
    targets: TemplateTargets
    eventbridge: ScheduleSync
    runner: ScheduleRunner
    clock: Clock

    def run_now(self, principal: Principal, schedule_id: str) -> RunView:
        """Run a schedule now, in addition to its times, even while it is paused."""
        return run_view(self.runner.run_now(principal, self.require(principal, schedule_id)))

    def runs(self, principal: Principal, schedule_id: str) -> RunList:
        """List the outcomes of a schedule's latest runs, newest first."""
        schedule = self.require(principal, schedule_id)
        found = self.repository.runs(schedule.id, _SHOWN_RUNS)
        return {"data": [run_view(run) for run in found], "next_cursor": None}

    def preview(self, times: ScheduleTimes) -> SchedulePreview:
        """Return the next runs of a schedule with these times, made now.

        Raises:
            InvalidRequest: it never fires.
        """
        now_ms = self.clock.wall_ms()
        starts_ms = max(now_ms, _ms(times.starts_at) or 0)
        timing = Timing(
            times.cron, times.rate_minutes, _ms(times.at), times.timezone, starts_ms, _ms(times.ends_at)
        )
        _require_a_run(timing, now_ms)
        return {"next_runs": coming_runs(timing, now_ms)}

    def _view(self, resource: Schedule) -> ScheduleView:
        return schedule_view(resource, self.clock.wall_ms())

    def _count(self, principal: Principal) -> int:
        return self.repository.count(principal.tenant_mode, MAX_SCHEDULES)

    def _merge(self, before: Schedule, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Let one of `cron`, `rate` and `at` replace the others."""
        if changes.keys() & set(_TIMES):
            changes = {**dict.fromkeys(_TIMES), **changes}
        return super()._merge(before, changes)

    def _build(self, principal: Principal, spec: ScheduleSpec, before: Schedule | None) -> Schedule:
        now_ms = self.clock.wall_ms()
        schedule_id = before.id if before else f"sch_{uuid.uuid4().hex[:20]}"
        hidden = self.runner.templates.hide(principal.tenant_id, schedule_id, spec.body, before)
        schedule = Schedule(
            id=schedule_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            name=spec.name,
            description=spec.description,
            enabled=spec.enabled,
            kind=CallKind(spec.kind),
            body_json=hidden.body_json,
            user_context=hidden.user_context,
            cron=spec.cron,
            rate_minutes=spec.rate_minutes,
            at_ms=_ms(spec.at),
            timezone=spec.timezone,
            timed_ms=now_ms,
            starts_at_ms=_ms(spec.starts_at),
            ends_ms=_ms(spec.ends_at),
            flexible_window_minutes=spec.flexible_window_minutes,
            version=before.version if before else 1,
            created_at_ms=before.created_at_ms if before else now_ms,
            updated_at_ms=now_ms,
        )
        if before is None or _starts_calls_anew(before, schedule):
            self._require_call(principal, schedule)
        if schedule.enabled:
            _require_a_run(schedule.timing, now_ms)
        if before and _times(before) == _times(schedule):
            return replace(schedule, timed_ms=before.timed_ms)
        return schedule

    def _changed_fields(self, before: Schedule, after: Schedule) -> Sequence[str]:
        return changed_with_context(super()._changed_fields(before, after), before, after)

    def _require_call(self, principal: Principal, schedule: Schedule) -> None:
        """Check that the body, rendered as for its next run, is valid for its route."""
        body = self.runner.call_body(schedule, self.clock.wall_ms())
        try:
            validated(BODIES[schedule.kind], body)
        except InvalidRequest as error:
            raise in_body(error) from error
        self.targets.require(principal, schedule.kind, body)

    def _writes(
        self, principal: Principal, verb: str, resource: Schedule, changed: Collection[str] = ()
    ) -> Sequence[Write]:
        audit = super()._writes(principal, verb, resource, changed)
        return [*audit, pending_sync_write(resource.id, self.clock.wall_ms())]

    def _committed(self, resource: Schedule) -> None:
        self.eventbridge.sync(resource.id)


def _starts_calls_anew(before: Schedule, after: Schedule) -> bool:
    """Tell whether a change makes other calls, or makes calls again.

    Otherwise its body is not checked: a schedule whose workflow is gone can still be paused.
    """
    if after.enabled and not before.enabled:
        return True
    return (before.kind, before.body_json, before.user_context) != (
        after.kind,
        after.body_json,
        after.user_context,
    )


def _times(schedule: Schedule) -> tuple[str | int | None, ...]:
    """Return the fields that say when a schedule runs; a rate is counted from their last change."""
    return schedule.cron, schedule.rate_minutes, schedule.at_ms, schedule.starts_at_ms


def _require_a_run(timing: Timing, now_ms: int) -> None:
    if timing.next_ms(now_ms) is None:
        field = None if timing.at_ms is None else "at"
        raise InvalidRequest("Validation error: the schedule never fires", field=field)


def _ms(text: str | None) -> int | None:
    return None if text is None else moment_ms(text)
