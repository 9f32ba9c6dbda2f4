"""Synchronisation of schedules from the table, which is authoritative, to EventBridge Scheduler.

The request that changes a schedule synchronises it at once. The reconciler does so again when no such
request can still be running, so that the table prevails, whatever crashed or came late.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core import aws_clients
from trunkline.core.clock import Clock
from trunkline.schedules.models import Schedule
from trunkline.schedules.repository import ScheduleRepository
from trunkline.storage.keys.item import SK, Item
from trunkline.storage.table import Table

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

SETTLED_MS = 60_000
"""A request that changes a schedule ends within 29 s: none of them mirrors an old version after this."""

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""EventBridge puts the moment in its place. Source:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


class ScheduleSyncSettings(Protocol):
    """The settings that name the group, queue and role of schedules."""

    @property
    def schedule_group(self) -> str: ...
    @property
    def schedule_queue_arn(self) -> str: ...
    @property
    def schedule_role_arn(self) -> str: ...


@dataclass(frozen=True)
class SchedulerTarget:
    """The target of schedules: a queue, the role that sends to it, and the stage's group."""

    group: str
    queue_arn: str
    role_arn: str


@dataclass(frozen=True)
class ScheduleSync:
    """Copies schedules to EventBridge; it is safe to repeat."""

    connect: Callable[[], EventBridgeSchedulerClient]
    target: SchedulerTarget
    schedules: ScheduleRepository
    clock: Clock
    log: Logger

    @classmethod
    def open(cls, table: Table, settings: ScheduleSyncSettings, clock: Clock, log: Logger) -> ScheduleSync:
        """Build the synchronisation that a function's settings name."""
        target = SchedulerTarget(
            settings.schedule_group, settings.schedule_queue_arn, settings.schedule_role_arn
        )
        return cls(lambda: aws_clients.client("scheduler"), target, ScheduleRepository(table), clock, log)

    @cached_property
    def client(self) -> EventBridgeSchedulerClient:
        """Create the client at its first use: most requests do not need it."""
        return self.connect()

    def sync(self, schedule_id: str) -> None:
        """Synchronise a change; if that fails, the reconciler does so a minute later."""
        try:
            self._sync(schedule_id)
        except (BotoCoreError, ClientError) as error:
            self.log.warning("schedule not mirrored yet", schedule_id=schedule_id, cause=_cause(error))

    def sync_marked(self, mark: Item) -> bool:
        """Synchronise the schedule of a mark and remove it; return whether anything had to change."""
        changed = self._sync(str(mark[SK]))
        self.schedules.mark_synced(mark)
        return changed

    def _sync(self, schedule_id: str) -> bool:
        """Synchronise a schedule; return whether anything had to change."""
        schedule = self.schedules.find(schedule_id)
        known = self._known(schedule_id)
        if schedule is None or schedule.timing.next_ms(self.clock.wall_ms()) is None:
            if known is not None:
                self._delete(schedule_id)
            return known is not None
        wanted = self._wanted(schedule)
        if known is not None and known.get("Description") == wanted["Description"]:
            return False
        write = self.client.create_schedule if known is None else self.client.update_schedule
        write(**wanted)
        return True

    def _known(self, schedule_id: str) -> dict[str, Any] | None:
        try:
            return dict(self.client.get_schedule(GroupName=self.target.group, Name=schedule_id))
        except self.client.exceptions.ResourceNotFoundException:
            return None

    def _delete(self, schedule_id: str) -> None:
        with suppress(self.client.exceptions.ResourceNotFoundException):
            self.client.delete_schedule(GroupName=self.target.group, Name=schedule_id)

    def _wanted(self, schedule: Schedule) -> dict[str, Any]:
        window = schedule.flexible_window_minutes
        flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": window} if window else {"Mode": "OFF"}
        tick = {"schedule_id": schedule.id, "due_at": SCHEDULED_TIME}
        target = {"Arn": self.target.queue_arn, "RoleArn": self.target.role_arn, "Input": json.dumps(tick)}
        return {
            "GroupName": self.target.group,
            "Name": schedule.id,
            "Description": f"version {schedule.version}",
            "ScheduleExpression": schedule.timing.expression(),
            "ScheduleExpressionTimezone": schedule.timezone if schedule.cron else "UTC",
            "FlexibleTimeWindow": flexible,
            "State": "ENABLED" if schedule.enabled else "DISABLED",
            "Target": target,
            "ActionAfterCompletion": "DELETE",
        } | self._bounds(schedule)

    def _bounds(self, schedule: Schedule) -> dict[str, datetime]:
        """Return start and end; EventBridge rejects a start in the past, and one-time schedules have none.

        A rate always has a start, its next time. Without one, EventBridge invokes the target at once and
        counts from there. Source:
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
        """
        if schedule.at_ms is not None:
            return {}
        bounds = {"EndDate": schedule.ends_ms} if schedule.ends_ms else {}
        now_ms, timing = self.clock.wall_ms(), schedule.timing
        starts_ms = timing.next_ms(now_ms) if schedule.rate_minutes else timing.starts_ms
        if starts_ms is not None and starts_ms > now_ms:
            bounds["StartDate"] = starts_ms
        return {name: datetime.fromtimestamp(moment / 1000, UTC) for name, moment in bounds.items()}


def _cause(error: BotoCoreError | ClientError) -> str:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return code or type(error).__name__
