"""A table in moto, and everything that stands on it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.builders import TRUNK, FakeLiveKit, RealClockAt
from trunkline.calls.repository import CallRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.clock import Clock
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.pacing import StartHistory, Timing
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints, QueueStatusReader
from trunkline.dialer.context import DialerContext
from trunkline.dialer.lane_run import LaneRun, RunLimits
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository

QUICK = RunLimits(watch_cancels_s=0.05, look_every_s=0.02, heartbeat_s=0.2, handover_wait_s=0.3)


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client = boto3.client("dynamodb")
        text = [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "open_pk", "open_sk")]
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        index = {
            "IndexName": "open",
            "KeySchema": [
                {"AttributeName": "open_pk", "KeyType": "HASH"},
                {"AttributeName": "open_sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        client.create_table(
            TableName="t",
            AttributeDefinitions=text,  # type: ignore[arg-type]
            KeySchema=keys,  # type: ignore[arg-type]
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[index],  # type: ignore[list-item]
        )
        yield client


class OneAtATime:
    """A client whose requests are atomic, as DynamoDB's are: moto looks and writes in two steps."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._turn = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not inspect.ismethod(found):
            return found

        def in_turn(*args: Any, **more: Any) -> Any:
            with self._turn:
                return found(*args, **more)

        return in_turn


@pytest.fixture
def table(dynamodb: Any) -> Table:
    return Table(OneAtATime(dynamodb), "t")  # type: ignore[arg-type]


@pytest.fixture
def calls(table: Table) -> CallRepository:
    return CallRepository(table)


class Wakes:
    """A queue that only remembers."""

    def __init__(self) -> None:
        self.sent: list[DialWakeup] = []
        self.delays_s: list[int] = []

    def send(self, wake: DialWakeup, delay_s: int = 0) -> None:
        self.sent.append(wake)
        self.delays_s.append(delay_s)


def a_nudge(wakes: Wakes, clock: Clock) -> LaneNotifier:
    return LaneNotifier(wakes, clock, logger("test"))  # type: ignore[arg-type]


def a_queue(table: Table, clock: Clock) -> QueueStatusReader:
    line = DialQueue(table)
    return QueueStatusReader(
        line, LaneLeaseRepository(table, clock), TrunkRepository(table), QueueCheckpoints(table, line), clock
    )


async def at_once(work: Callable[..., Any], *args: Any) -> Any:
    """In place of threads: moto is not made for them, and the order is the same each time."""
    return work(*args)


@dataclass
class Bench:
    """Everything a lane run needs, in one place."""

    table: Table
    calls: CallRepository
    lanes: LaneLeaseRepository
    line: DialQueue
    trunks: TrunkRepository
    wakes: Wakes
    livekit: FakeLiveKit
    clock: Clock

    def run(self, run_id: str = "run-1", limits: RunLimits = QUICK) -> LaneRun:
        bench = DialerContext(
            run_id=run_id,
            starts=StartHistory(),
            timing=Timing(),
            calls=self.calls,
            livekit=self.livekit,
            sign_dial_token=lambda lifetime_s: f"token for {lifetime_s}",
            nudge=a_nudge(self.wakes, self.clock),
            rulebook=CompliancePolicy(self.table, self.clock),
            clock=self.clock,
            offload=at_once,
            log=logger("test"),
        )
        return LaneRun(
            bench=bench,
            lanes=self.lanes,
            line=self.line,
            trunks=self.trunks,
            wakes=self.wakes,  # type: ignore[arg-type]
            limits=limits,
        )


@pytest.fixture
async def bench(table: Table) -> Bench:
    clock = RealClockAt()
    trunks = TrunkRepository(table)
    trunks.create(TRUNK)
    trunks.grant(TRUNK.id, "tenant-1")
    return Bench(
        table,
        CallRepository(table),
        LaneLeaseRepository(table, clock),
        DialQueue(table),
        trunks,
        Wakes(),
        FakeLiveKit(),
        clock,
    )
