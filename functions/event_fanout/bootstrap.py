"""Composition root of `event_fanout`: its objects, built once per process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from trunkline.batches.models import BATCH_RETENTION_S
from trunkline.batches.repository import BatchRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.item_guard import ItemGuard
from trunkline.core.logging import logger
from trunkline.core.settings import EventFanoutSettings
from trunkline.statistics.repository import StatisticsRepository
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.webhooks.delivery_executions import DeliveryStateMachine
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.event_bus import EventBus
from trunkline.webhooks.fan_out import CallEnd, FanOut
from trunkline.webhooks.feed_writer import EventFeedWriter
from trunkline.webhooks.repository import EndpointRepository

log = logger("event_fanout")
_DELIVERIES_AT_ONCE = 10
"""Deliveries of one event that are created and started at once."""


@cache
def table() -> Table:
    return Table(aws_clients.client("dynamodb"), EventFanoutSettings.from_env().table_name)


@cache
def statistics() -> StatisticsRepository:
    return StatisticsRepository(table())


@cache
def fan_out() -> FanOut:
    """Build the fan-out; the ends of batches' calls are counted in their batches."""
    settings = EventFanoutSettings.from_env()
    batches = BatchRepository(table())

    def count(end: CallEnd) -> None:
        batches.record_call_end(
            end.batch_id, end.row, end.state, end.reason, end.at_ms // 1000 + BATCH_RETENTION_S
        )

    return FanOut(
        EndpointRepository(table()),
        DeliveryRepository(table()),
        DeliveryStateMachine(aws_clients.client("stepfunctions"), settings.delivery_flow_arn),
        TrunkRepository(table()).grantees,
        EventBus(aws_clients.client("events"), settings.event_bus_name).publish,
        count,
        EventFeedWriter(table(), SystemClock(), ItemGuard("event_fanout", log)).record,
        ThreadPoolExecutor(_DELIVERIES_AT_ONCE).map,
    )
