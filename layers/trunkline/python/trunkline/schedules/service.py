"""Schedules on a tenant's behalf: list, make, change, pause, run, delete."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.call_control.outbound import OutboundCall
from trunkline.call_control.workflow_calls import WorkflowCall
from trunkline.call_templates.create_call import require_workflow
from trunkline.call_templates.models import CallKind
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest, LimitReached, NotFound
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import spec_values, validated
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.schedules.models import Schedule
from trunkline.schedules.repository import ScheduleRepository, pending_sync_write
from trunkline.schedules.runner import ScheduleRunner, template_body
from trunkline.schedules.schemas import (
    RunList,
    RunView,
    ScheduleList,
    ScheduleSpec,
    ScheduleView,
    run_view,
    schedule_view,
)
from trunkline.storage.table import Put
from trunkline.workflows.repository import WorkflowRepository

MAX_SCHEDULES = 100
_SHOWN = 100


@dataclass(frozen=True)
class ScheduleService:
    """Keeps a tenant's schedules, those of the key's mode."""

    schedules: ScheduleRepository
    workflows: WorkflowRepository
    mirror: ScheduleSync
    runner: ScheduleRunner
    clock: Clock

    def list(self, principal: Principal) -> ScheduleList:
        """The tenant's schedules, by name."""
        found = sorted(self.schedules.all(principal.tenant_mode), key=lambda each: each.name)
        return {"data": [self._view(each) for each in found], "next_cursor": None}

    def get(self, principal: Principal, schedule_id: str) -> ScheduleView:
        """One schedule; `NotFound` if the tenant has none of that id."""
        return self._view(self._own(principal, schedule_id))

    def create(self, principal: Principal, spec: ScheduleSpec) -> ScheduleView:
        """Make a schedule.

        Raises:
            LimitReached: the tenant has as many as it may.
            InvalidRequest: its call could not be made as it is, or it never comes.
        """
        if self.schedules.count(principal.tenant_mode, MAX_SCHEDULES) >= MAX_SCHEDULES:
            raise LimitReached(f"A tenant may have {MAX_SCHEDULES} schedules")
        now_ms = self.clock.wall_ms()
        schedule = self._wished(principal, spec, f"sch_{uuid.uuid4().hex[:20]}", now_ms, now_ms)
        noted = (self._noted(principal, "created", schedule), pending_sync_write(schedule.id, now_ms))
        self.schedules.create(principal.tenant_mode, schedule, noted)
        self.mirror.try_now(schedule.id)
        return self._view(schedule)

    def change(self, principal: Principal, schedule_id: str, changes: Mapping[str, Any]) -> ScheduleView:
        """Change some fields; it counts for the next moment. Naming one of `cron`, `rate` and `at` replaces
        the other.

        Raises:
            NotFound: the tenant has none of that id.
            InvalidRequest: a field is wrong.
            VersionConflict: another request was quicker.
        """
        before = self._own(principal, schedule_id)
        kept = spec_values(ScheduleSpec, self._view(before))
        if changes.keys() & _WHEN:
            kept = {name: value for name, value in kept.items() if name not in _WHEN}
        spec = validated(ScheduleSpec, {**kept, **changes})
        now_ms = self.clock.wall_ms()
        wished = self._wished(principal, spec, before.id, before.created_at_ms, now_ms)
        after = replace(wished, version=before.version)
        changed = set(changed_fields(self._view(before), self._view(after))) - _COMPUTED
        if not changed:
            return self._view(before)
        if not changed & {*_WHEN, "starts_at"}:
            after = replace(after, timed_ms=before.timed_ms)
        noted = audit_write(principal, now_ms, "schedule.changed", before.id, changed)
        saved = self.schedules.save(after, [noted, pending_sync_write(after.id, now_ms)])
        self.mirror.try_now(saved.id)
        return self._view(saved)

    def delete(self, principal: Principal, schedule_id: str) -> None:
        """Delete a schedule: no moment of it makes a call from then on."""
        schedule = self._own(principal, schedule_id)
        told = pending_sync_write(schedule.id, self.clock.wall_ms())
        self.schedules.delete(
            principal.tenant_mode, schedule, [self._noted(principal, "deleted", schedule), told]
        )
        self.mirror.try_now(schedule.id)

    def run_now(self, principal: Principal, schedule_id: str) -> RunView:
        """Make its call now, besides its moments, also while it is paused."""
        return run_view(self.runner.run_now(principal, self._own(principal, schedule_id)))

    def runs(self, principal: Principal, schedule_id: str) -> RunList:
        """What came of a schedule's last moments, newest first."""
        schedule = self._own(principal, schedule_id)
        found = self.schedules.runs(schedule.id, _SHOWN)
        return {"data": [run_view(each) for each in found], "next_cursor": None}

    def _own(self, principal: Principal, schedule_id: str) -> Schedule:
        found = self.schedules.load(principal.tenant_mode, schedule_id)
        if found is None:
            raise NotFound("Schedule not found")
        return found

    def _wished(
        self, principal: Principal, spec: ScheduleSpec, schedule_id: str, made_ms: int, now_ms: int
    ) -> Schedule:
        schedule = Schedule(
            id=schedule_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            name=spec.name,
            description=spec.description,
            enabled=spec.enabled,
            kind=CallKind(spec.kind),
            body_json=json.dumps(spec.body),
            cron=spec.cron,
            rate_minutes=spec.rate_minutes,
            at_ms=_ms(spec.at),
            timezone=spec.timezone,
            timed_ms=now_ms,
            starts_at_ms=_ms(spec.starts_at),
            ends_ms=_ms(spec.ends_at),
            flexible_window_minutes=spec.flexible_window_minutes,
            version=1,
            created_at_ms=made_ms,
            updated_at_ms=now_ms,
        )
        self._require_call(principal, schedule)
        if schedule.enabled and schedule.timing.next_ms(now_ms) is None:
            raise InvalidRequest(
                "Validation error: the schedule never comes", field="at" if spec.at else None
            )
        return schedule

    def _require_call(self, principal: Principal, schedule: Schedule) -> None:
        """Its body, as its next moment would have it, is one that its route takes."""
        wish = template_body(schedule, self.clock.wall_ms())
        try:
            validated(WorkflowCall if schedule.kind is CallKind.WORKFLOW else OutboundCall, wish)
        except InvalidRequest as error:
            raise InvalidRequest(f"body: {error.message}", field="body") from error
        if schedule.kind is CallKind.WORKFLOW:
            require_workflow(self.workflows, principal, wish)

    def _noted(self, principal: Principal, what: str, schedule: Schedule) -> Put:
        return audit_write(principal, self.clock.wall_ms(), f"schedule.{what}", schedule.id)

    def _view(self, schedule: Schedule) -> ScheduleView:
        return schedule_view(schedule, self.clock.wall_ms())


_WHEN = {"cron", "rate", "at"}
_COMPUTED = {"updated_at", "next_runs"}


def _ms(text: str | None) -> int | None:
    return None if text is None else moment_ms(text)
