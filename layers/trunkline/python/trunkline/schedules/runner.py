"""Creation of the calls of schedules, one for each run."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.auth.principal import Actor, Principal
from trunkline.call_templates.create_call import CreateCall
from trunkline.call_templates.errors import RETRYABLE_ERRORS
from trunkline.call_templates.models import EventOutcome
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest, TrunklineError
from trunkline.core.timestamps import iso_from_ms, moment_ms
from trunkline.schedules.models import Run, Schedule
from trunkline.schedules.repository import ScheduleRepository
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.templating.size_limits import render_within
from trunkline.templating.templates import TemplateError

_MAX_CALL_BODY_BYTES = 256 * 1024
_MAX_QUEUED_MINUTES = 10


@dataclass(frozen=True)
class ScheduleRunner:
    """Creates the calls of all tenants' schedules; `on_principal` is called with the schedule's principal."""

    schedules: ScheduleRepository
    templates: TemplateCipher
    create_call: CreateCall
    clock: Clock
    log: Logger
    on_principal: Callable[[Principal], None] = lambda _: None

    def tick(self, schedule_id: str, due_at: str, tick_ms: int) -> Run | None:
        """Run a schedule that EventBridge reported at `tick_ms` as due at `due_at`, if it names the time.

        Return None if the schedule is deleted or paused, or has no such time: then nothing is called.

        Raises:
            TrunklineError: the failure may pass, and the queue sends the message again.
        """
        schedule = self.schedules.find(schedule_id)
        if schedule is None or not schedule.enabled:
            self.log.warning("tick of no schedule", schedule_id=schedule_id[:40])
            return None
        actor = Actor("schedule", schedule.id, schedule.name, "", schedule.id)
        principal = Principal(schedule.tenant_id, schedule.livemode, frozenset(), actor=actor)
        self.on_principal(principal)
        named_ms = _moment_ms(due_at)
        due_ms = (
            schedule.timing.due_ms(named_ms)
            if named_ms is not None
            else schedule.timing.due_ms(tick_ms, _late_ms(schedule))
        )
        if due_ms is None:
            self.log.warning("tick at no time of its schedule", schedule_id=schedule.id, due_at=due_at[:40])
            return None
        try:
            return self._run(principal, schedule, due_ms, str(due_ms))
        except RETRYABLE_ERRORS as error:
            self._record_refusal(schedule, due_ms, error.message)
            raise
        except TrunklineError as error:
            return self._record_refusal(schedule, due_ms, error.message)

    def run_now(self, principal: Principal, schedule: Schedule) -> Run:
        """Create a schedule's call now, in addition to its times, even if it is paused.

        Raises:
            TrunklineError: why the call cannot be created; the reason is recorded.
        """
        now_ms = self.clock.wall_ms()
        try:
            return self._run(principal, schedule, now_ms, uuid.uuid4().hex)
        except TrunklineError as error:
            self._record_refusal(schedule, now_ms, error.message)
            raise

    def call_body(self, schedule: Schedule, due_ms: int) -> dict[str, Any]:
        """Return the body of the call of one run.

        Raises:
            InvalidRequest: a template names an unknown value.
        """
        local = datetime.fromtimestamp(due_ms / 1000, ZoneInfo(schedule.timezone))
        known = {
            "time": iso_from_ms(due_ms),
            "local_time": local.isoformat(timespec="seconds"),
            "date": local.date().isoformat(),
            "name": schedule.name,
        }
        template = self.templates.reveal(schedule)
        try:
            rendered = render_within(template, {"schedule": known}, _MAX_CALL_BODY_BYTES, "the body")
        except TemplateError as error:
            raise InvalidRequest(f"Validation error: {error.message}", field="body") from error
        return dict(rendered)

    def _run(self, principal: Principal, schedule: Schedule, due_ms: int, name: str) -> Run:
        body = self.call_body(schedule, due_ms)
        admitted = self.create_call(
            principal, schedule.kind, body, IdempotencyKey.of_event(f"schedule#{schedule.id}", name)
        )
        outcome = EventOutcome.DUPLICATE if admitted.replayed else EventOutcome.CALLED
        return self._record(Run(schedule.id, self.clock.wall_ms(), due_ms, outcome, admitted.call.id))

    def _record_refusal(self, schedule: Schedule, due_ms: int, why: str) -> Run:
        return self._record(Run(schedule.id, self.clock.wall_ms(), due_ms, EventOutcome.REFUSED, error=why))

    def _record(self, run: Run) -> Run:
        """Record an outcome; the call is decided by then, so a failure is only logged."""
        try:
            self.schedules.record(run)
        except (BotoCoreError, ClientError) as error:
            self.log.error("run not recorded", schedule_id=run.schedule_id, cause=type(error).__name__)
        return run


def _late_ms(schedule: Schedule) -> int:
    """Return how late a tick can be that does not name its time: it waited in a window and a queue."""
    return (schedule.flexible_window_minutes + _MAX_QUEUED_MINUTES) * 60_000


def _moment_ms(text: str) -> int | None:
    try:
        return moment_ms(text)
    except ValueError:
        return None
