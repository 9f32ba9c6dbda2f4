"""Schedules on moto's table and EventBridge Scheduler."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.store.fixtures_dynamodb import aws_client
from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.support.clocks import ManualClock
from tests.support.passes import PassOnce
from tests.support.stubs import GUARD, PlaintextCipher
from trunkline.call_templates.create_call import TemplateCallCreator, TemplateTargets
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.logging import logger
from trunkline.core.validation import validated
from trunkline.reconciler.schedules import ScheduleReconciler
from trunkline.schedules.eventbridge_sync import SchedulerTarget, ScheduleSync
from trunkline.schedules.models import Schedule
from trunkline.schedules.repository import ScheduleRepository
from trunkline.schedules.runner import ScheduleRunner
from trunkline.schedules.schemas import ScheduleSpec
from trunkline.schedules.service import ScheduleService
from trunkline.storage.table import Table
from trunkline.workflows.repository import WorkflowRepository

LOG = logger("tests")
# NOW_MS is a Tuesday, 22:13:20 UTC.
NINE = "2023-11-15T09:00:00.000Z"


class Fails:
    """A client of EventBridge Scheduler that fails as often as it is told to."""

    def __init__(self, client: Any) -> None:
        self._client, self.times = client, 0
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        if self.times:
            self.times -= 1
            raise EndpointConnectionError(endpoint_url="x")
        return getattr(self._client, name)


@dataclass
class ScheduleHarness:
    outbound: OutboundHarness
    clock: ManualClock
    eventbridge: Fails
    schedules: ScheduleRepository
    mirror: ScheduleSync
    runner: ScheduleRunner
    service: ScheduleService

    def body(self, **more: Any) -> dict[str, Any]:
        call = {"agentId": self.outbound.agent.id, "phoneNumber": "+14155552671"}
        return {"name": "s", "kind": "outbound", "body": call, "cron": "0 9 * * *"} | more

    def make(self, **more: Any) -> dict[str, Any]:
        return dict(self.service.create(ME, validated(ScheduleSpec, self.body(**more))))

    def seen(self, schedule_id: str) -> dict[str, Any] | None:
        """What EventBridge knows."""
        try:
            return dict(self.eventbridge.get_schedule(GroupName="g", Name=schedule_id))
        except ClientError:
            return None

    def reconcile(self, later_s: float = 61) -> Counter[str]:
        self.clock.move_s(later_s)
        repairs: Counter[str] = Counter()
        ScheduleReconciler(self.mirror, self.clock, GUARD).reconcile(repairs, PassOnce())
        return repairs

    def stored(self, schedule_id: str) -> Schedule:
        found = self.schedules.find(schedule_id)
        assert found is not None
        return found


def make_schedule_harness(table: Table) -> ScheduleHarness:
    outbound, clock, schedules = OutboundHarness(table), ManualClock(), ScheduleRepository(table)
    client = aws_client("scheduler")
    client.create_schedule_group(Name="g")
    eventbridge = Fails(client)
    target = SchedulerTarget("g", "arn:aws:sqs:us-east-1:1:ticks", "arn:aws:iam::1:role/ticks")
    mirror = ScheduleSync(lambda: eventbridge, target, schedules, clock, LOG)  # type: ignore[arg-type,return-value]
    place = TemplateCallCreator(outbound.service, None, "schedule")  # type: ignore[arg-type]
    runner = ScheduleRunner(schedules, TemplateCipher(PlaintextCipher()), place, clock, LOG)  # type: ignore[arg-type]
    targets = TemplateTargets(WorkflowRepository(table), outbound.agents)
    service = ScheduleService(schedules, targets, mirror, runner, clock)
    return ScheduleHarness(outbound, clock, eventbridge, schedules, mirror, runner, service)


@pytest.fixture
def schedules(aws: None, table: Table) -> ScheduleHarness:
    return make_schedule_harness(table)
