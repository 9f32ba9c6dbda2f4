"""Shared resources of the functions that change queued calls: table, repositories and wake-ups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aws_lambda_powertools import Logger

from trunkline.calls.repository import CallRepository
from trunkline.core import aws_clients
from trunkline.core.clock import Clock, SystemClock
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import QueueSettings, WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository


class _Settings(QueueSettings, Protocol):
    @property
    def table_name(self) -> str: ...


@dataclass(frozen=True)
class CallResources:
    """The clients and repositories of one process."""

    clock: Clock
    table: Table
    calls: CallRepository
    trunks: TrunkRepository
    lanes: LaneLeaseRepository
    wakes: WakeQueue
    log: Logger

    @classmethod
    def open(cls, settings: _Settings, log: Logger) -> CallResources:
        """Build the resources that a function's settings name."""
        clock, table = SystemClock(), Table(aws_clients.client("dynamodb"), settings.table_name)
        return cls(
            clock=clock,
            table=table,
            calls=CallRepository(table),
            trunks=TrunkRepository(table),
            lanes=LaneLeaseRepository(table, clock),
            wakes=WakeQueue.open(settings),
            log=log,
        )

    def new_notifier(self) -> LaneNotifier:
        """Make a notifier; a lane run needs its own, which knows whether the run holds the lane."""
        return LaneNotifier(self.wakes, self.clock, self.log, self.trunks.granted_ids)
