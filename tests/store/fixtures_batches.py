"""Batches on moto's table and bucket; the flow's steps are taken one after the other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.store.fixtures_dynamodb import aws_client
from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.support.builders import TRUNK
from tests.support.clocks import ManualClock
from tests.support.stubs import PlaintextCipher, make_notifier
from trunkline.auth.principal import Principal
from trunkline.batches.canceller import PartCanceller
from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.holds import BatchHoldService
from trunkline.batches.importer import Importer, Progress
from trunkline.batches.models import Batch
from trunkline.batches.repository import BatchRepository
from trunkline.batches.responses import BatchResponses
from trunkline.batches.results import Results
from trunkline.batches.row_to_call import RowConverter
from trunkline.batches.s3_files import BatchFiles, parts_key
from trunkline.batches.schemas import BatchQuery, BatchSpec, ResultQuery
from trunkline.batches.service import BatchService
from trunkline.batches.splitter import Splitter
from trunkline.batches.worker import BatchWorker
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.create_call import TemplateTargets
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.compliance.service import Suppressions
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.core.validation import validated
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.workflows.repository import WorkflowRepository

LOG = logger("tests")
BUCKET = "batches"


@dataclass
class Flows:
    """A flow that only remembers what it is to begin."""

    started: list[Batch] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    broken: Exception | None = None

    def start(self, batch: Batch) -> None:
        if self.broken:
            raise self.broken
        self.started.append(batch)

    def has_failed(self, batch: Batch) -> bool:
        return batch.execution_name in self.failed


@dataclass
class BatchHarness:
    outbound: OutboundHarness
    table: Table
    s3: Any
    clock: ManualClock
    store: BatchRepository
    files: BatchFiles
    flow: Flows
    worker: BatchWorker
    importer: Importer
    service: BatchService

    def spec(self, **more: Any) -> BatchSpec:
        body = {"agentId": self.outbound.agent.id, "phoneNumber": "{{row.phone}}"}
        return validated(BatchSpec, {"name": "campaign", "body": body} | more)

    def make(self, who: Principal = ME, **more: Any) -> dict[str, Any]:
        return dict(self.service.create(who, self.spec(**more)))

    def stored(self, batch_id: str) -> Batch:
        found = self.store.load(batch_id)
        assert found is not None
        return found

    def run(self, batch_id: str, *, most: int = 99) -> list[Progress]:
        """Take the flow's steps, as the state machine does; a part that is to wait is left at that."""
        batch = self.stored(batch_id)
        assert batch.job is not None
        told: list[Progress] = []
        if self.worker.begin(batch_id, batch.job) == "parts":
            listed = json.loads(
                self.s3.get_object(Bucket=BUCKET, Key=parts_key(batch_id, batch.job))["Body"].read()
            )
            for entry in listed[:most]:
                step = self.worker.part(batch_id, batch.job, entry["part"])
                while step.next == "again":
                    step = self.worker.part(batch_id, batch.job, entry["part"])
                told.append(step)
        if all(step.next == "done" for step in told):
            self.worker.end(batch_id, batch.job)
        return told

    def made(self, **more: Any) -> dict[str, Any]:
        """A batch whose flow has run."""
        shown = self.make(**more)
        self.run(shown["id"])
        return self.read(shown["id"])

    def read(self, batch_id: str) -> dict[str, Any]:
        return dict(self.service.get(ME, batch_id))

    def rows(self, batch_id: str, **more: Any) -> list[dict[str, Any]]:
        query = validated(ResultQuery, {"limit": 100} | more)
        return [dict(row) for row in self.service.rows(ME, batch_id, query)["data"]]

    def keys(self, batch_id: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{batch_id}/").get("Contents", [])
        return [entry["Key"].partition("/")[2] for entry in found]


def make_batch_harness(table: Table) -> BatchHarness:
    outbound, clock, store, trunks = (
        OutboundHarness(table),
        ManualClock(),
        BatchRepository(table),
        TrunkRepository(table),
    )
    s3 = aws_client("s3")
    s3.create_bucket(Bucket=BUCKET)
    files = BatchFiles(lambda: s3, BUCKET)
    phones, workflows = outbound.service, WorkflowRepository(table)
    people = UserContextRepository(table, PlaintextCipher())  # type: ignore[arg-type]
    templates = TemplateCipher(PlaintextCipher())  # type: ignore[arg-type]
    by_workflow = WorkflowCallService(
        phones.admission, phones, workflows, outbound.agents, people, lambda _: None
    )
    notifier = make_notifier(outbound.wakeups, clock)
    holds = BatchHoldService(table, store, trunks, notifier, clock)

    def drafter(batch: Batch) -> RowConverter:
        return RowConverter(batch, templates, phones, by_workflow, outbound.compliance, outbound.facts, LOG)

    importer = Importer(table, store, files, phones.admission.quotas, drafter, holds.wake, clock)
    results, outlook = Results(table, store), ForecastService(store, trunks, outbound.queue, clock)
    worker = BatchWorker(
        batches=store,
        files=files,
        splitter=Splitter(files, templates, importer.refusals),
        importer=importer,
        canceller=PartCanceller(table, outbound.calls, store, notifier, clock),
        results=results,
        forecasts=outlook,
        holds=holds,
        clock=clock,
        log=LOG,
        meter=MetricWriter("batches"),
    )
    flow = Flows()

    def able(principal: Principal) -> None:
        phones.require_livekit(principal)

    service = BatchService(
        batches=store,
        targets=TemplateTargets(workflows, outbound.agents),
        files=files,
        templates=templates,
        state_machine=flow,  # type: ignore[arg-type]
        holds=holds,
        responses=BatchResponses(store, files, outlook, clock),
        results=results,
        require_callable=able,
        clock=clock,
        log=LOG,
    )
    return BatchHarness(outbound, table, s3, clock, store, files, flow, worker, importer, service)


def csv_of(*numbers: str) -> str:
    return "\n".join(["phone,name", *(f"{number},n{n}" for n, number in enumerate(numbers, 1))])


def numbers(count: int, first: int = 1) -> list[str]:
    return [f"+1415555{n:04d}" for n in range(first, first + count)]


def line(batches: BatchHarness, limit: int = 9999) -> list[QueuePosition]:
    return DialQueue(batches.table).peek(TRUNK.id, "tenant-1", limit)


def page_of(**more: Any) -> Any:
    return validated(BatchQuery, more)


def call_of(batches: BatchHarness, batch_id: str, row: int) -> Call:
    found = batches.outbound.calls.load(batches.stored(batch_id).call_id(row))
    assert found is not None
    return found


def suppress(batches: BatchHarness, *wanted: str) -> None:
    batches.outbound.rules().suppress(ME, validated(Suppressions, {"numbers": list(wanted)}))


@pytest.fixture
def batches(aws: None, table: Table) -> BatchHarness:
    return make_batch_harness(table)
