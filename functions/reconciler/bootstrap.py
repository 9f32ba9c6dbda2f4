"""Composition root of `reconciler`: plans a pass, and repairs what is no call and no trunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aws_lambda_powertools import Logger

from trunkline.batches.batch_executions import BatchStateMachine
from trunkline.batches.repository import BatchRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.item_guard import ItemGuard
from trunkline.core.metrics import OLDEST_UNREPAIRED, MetricWriter
from trunkline.core.settings import ReconcilerSettings
from trunkline.reconciler.batches import BatchReconciler
from trunkline.reconciler.deliveries import DeliveryReconciler
from trunkline.reconciler.fan_out import FanOut
from trunkline.reconciler.overdue import OverdueGauge
from trunkline.reconciler.progress import ProgressRepository
from trunkline.reconciler.resumable import ResumablePass
from trunkline.reconciler.schedules import ScheduleReconciler
from trunkline.reconciler.tasks import RepairTaskQueue
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.webhooks.delivery_executions import DeliveryStateMachine
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_starter import DeliveryStarter
from trunkline.webhooks.health_repository import EndpointHealthRepository


class ReconcilerProcess:
    """One reconciler process: its clients live as long as it does."""

    def __init__(self, settings: ReconcilerSettings, log: Logger, meter: MetricWriter) -> None:
        table = self._table = Table(aws_clients.client("dynamodb"), settings.table_name)
        self._clock, self._log, self._meter, self._settings = SystemClock(), log, meter, settings
        self._guard = ItemGuard("reconciler", log)
        self._progress = ProgressRepository(table, self._clock)
        queue = RepairTaskQueue(aws_clients.client("sqs"), settings.repair_queue_url)
        self._fan_out = FanOut(TrunkRepository(table), queue, self._progress, self._clock, meter)
        self._steps = aws_clients.client("stepfunctions")

    def reconcile(self) -> Counter[str]:
        """Plan the pass over trunks and calls, then repair deliveries, schedules and batches side by side.

        Each part is bounded in time, and goes on in the next pass where it stopped.
        """
        known = self._progress.read()
        with self._guard.item("fan_out"):
            if refused := self._fan_out.plan(known):
                self._log.error("tasks not sent", refused=refused)
        overdue = OverdueGauge()
        passes = ResumablePass(self._progress, self._clock, known)
        parts: list[Callable[[Counter[str]], None]] = [
            lambda repairs: self._deliveries(overdue).reconcile(repairs, passes),
            lambda repairs: self._schedules(overdue).reconcile(repairs, passes),
            lambda repairs: self._batches().reconcile(repairs, passes),
        ]
        with ThreadPoolExecutor(len(parts)) as threads:
            repairs = sum(threads.map(self._guarded, parts), Counter[str]())
        self._meter.add(OLDEST_UNREPAIRED, overdue.oldest_ms / 1000)
        return repairs

    def _guarded(self, part: Callable[[Counter[str]], None]) -> Counter[str]:
        repairs: Counter[str] = Counter()
        with self._guard.item("part"):
            part(repairs)
        return repairs

    def _deliveries(self, overdue: OverdueGauge) -> DeliveryReconciler:
        deliveries = DeliveryRepository(self._table, self._guard)
        flow = DeliveryStateMachine(self._steps, self._settings.delivery_flow_arn)
        starter = DeliveryStarter(deliveries, flow, self._clock, self._log)
        health = EndpointHealthRepository(self._table)
        return DeliveryReconciler(deliveries, health, starter, self._clock, self._guard, overdue)

    def _schedules(self, overdue: OverdueGauge) -> ScheduleReconciler:
        sync = ScheduleSync.open(self._table, self._settings, self._clock, self._log)
        return ScheduleReconciler(sync, self._clock, self._guard, overdue)

    def _batches(self) -> BatchReconciler:
        flow = BatchStateMachine(lambda: self._steps, self._settings.batch_flow_arn)
        return BatchReconciler(BatchRepository(self._table), flow, self._clock, self._guard)
