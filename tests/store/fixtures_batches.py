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
from tests.support.stubs import make_notifier
from trunkline.batches.desk import BatchDesk
from trunkline.batches.drafts import BatchDrafter
from trunkline.batches.files import BatchFiles, parts_key
from trunkline.batches.holding import Holds
from trunkline.batches.importing import Importer, Progress
from trunkline.batches.model import Batch
from trunkline.batches.outlook import Outlook
from trunkline.batches.results import Results
from trunkline.batches.specs import BatchQuery, BatchSpec, ResultQuery
from trunkline.batches.splitting import Splitter
from trunkline.batches.stopping import Stopper
from trunkline.batches.store import BatchStore
from trunkline.batches.views import BatchViews
from trunkline.batches.worker import BatchWorker
from trunkline.calls.model import Call
from trunkline.calls.people_store import PeopleStore
from trunkline.calls.workflow_calls import WorkflowCallDesk
from trunkline.dialing.line import Line
from trunkline.dialing.places import Place
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.observability import logger
from trunkline.table import Table
from trunkline.tenants.keys import Principal
from trunkline.validation import validated
from trunkline.workflows.store import WorkflowStore

LOG = logger("tests")
BUCKET = "batches"


class Plain:
    """In place of the encrypting one."""

    def encrypt(self, _: Any, values: dict[str, Any]) -> bytes:
        return json.dumps(values).encode()


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
        return batch.flow_name in self.failed


@dataclass
class BatchHarness:
    outbound: OutboundHarness
    table: Table
    s3: Any
    clock: ManualClock
    store: BatchStore
    files: BatchFiles
    flow: Flows
    worker: BatchWorker
    importer: Importer
    desk: BatchDesk

    def spec(self, **more: Any) -> BatchSpec:
        body = {"agentId": self.outbound.agent.id, "phoneNumber": "{{row.phone}}"}
        return validated(BatchSpec, {"name": "campaign", "body": body} | more)

    def make(self, who: Principal = ME, **more: Any) -> dict[str, Any]:
        return dict(self.desk.create(who, self.spec(**more)))

    def stored(self, batch_id: str) -> Batch:
        found = self.store.load(batch_id)
        assert found is not None
        return found

    def run(self, batch_id: str, *, most: int = 99) -> list[Progress]:
        """Take the flow's steps, as the state machine does; a part that is to wait is left at that."""
        batch = self.stored(batch_id)
        assert batch.work is not None
        told: list[Progress] = []
        if self.worker.begin(batch_id, batch.work) == "parts":
            listed = json.loads(
                self.s3.get_object(Bucket=BUCKET, Key=parts_key(batch_id, batch.work))["Body"].read()
            )
            for each in listed[:most]:
                step = self.worker.part(batch_id, batch.work, each["part"])
                while step.next == "again":
                    step = self.worker.part(batch_id, batch.work, each["part"])
                told.append(step)
        if all(each.next == "done" for each in told):
            self.worker.end(batch_id, batch.work)
        return told

    def made(self, **more: Any) -> dict[str, Any]:
        """A batch whose flow has run."""
        shown = self.make(**more)
        self.run(shown["id"])
        return self.read(shown["id"])

    def read(self, batch_id: str) -> dict[str, Any]:
        return dict(self.desk.get(ME, batch_id))

    def rows(self, batch_id: str, **more: Any) -> list[dict[str, Any]]:
        query = validated(ResultQuery, {"limit": 100} | more)
        return [dict(row) for row in self.desk.rows(ME, batch_id, query)["data"]]

    def keys(self, batch_id: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{batch_id}/").get("Contents", [])
        return [each["Key"].partition("/")[2] for each in found]


def make_batch_harness(table: Table) -> BatchHarness:
    outbound, clock, store, trunks = (
        OutboundHarness(table),
        ManualClock(),
        BatchStore(table),
        TrunkStore(table),
    )
    s3 = aws_client("s3")
    s3.create_bucket(Bucket=BUCKET)
    files = BatchFiles(lambda: s3, BUCKET)
    phones, workflows = outbound.service, WorkflowStore(table)
    people = PeopleStore(table, Plain())  # type: ignore[arg-type]
    by_workflow = WorkflowCallDesk(phones.intake, phones, workflows, outbound.agents, people, lambda _: None)
    nudge = make_notifier(outbound.wakeups, clock)
    holds = Holds(table, store, trunks, nudge, clock)

    def drafter(batch: Batch) -> BatchDrafter:
        return BatchDrafter(batch, phones, by_workflow, outbound.rulebook, outbound.facts)

    importer = Importer(table, store, files, phones.intake.admission, drafter, holds.wake, clock)
    results, outlook = Results(table, store), Outlook(store, trunks, outbound.queue, clock)
    worker = BatchWorker(
        batches=store,
        files=files,
        splitter=Splitter(files),
        importer=importer,
        stopper=Stopper(table, outbound.calls, store, nudge, clock),
        results=results,
        outlook=outlook,
        holds=holds,
        clock=clock,
        log=LOG,
    )
    flow = Flows()

    def able(principal: Principal) -> None:
        phones.require_livekit(principal)

    desk = BatchDesk(
        batches=store,
        workflows=workflows,
        files=files,
        flow=flow,  # type: ignore[arg-type]
        holds=holds,
        views=BatchViews(store, files, outlook, clock),
        results=results,
        able=able,
        clock=clock,
        log=LOG,
    )
    return BatchHarness(outbound, table, s3, clock, store, files, flow, worker, importer, desk)


def csv_of(*numbers: str) -> str:
    return "\n".join(["phone,name", *(f"{number},n{n}" for n, number in enumerate(numbers, 1))])


def numbers(count: int, first: int = 1) -> list[str]:
    return [f"+1415555{n:04d}" for n in range(first, first + count)]


def line(world: BatchHarness, limit: int = 9999) -> list[Place]:
    return Line(world.table).head(TRUNK.id, "tenant-1", limit)


def page_of(**more: Any) -> Any:
    return validated(BatchQuery, more)


def call_of(world: BatchHarness, batch_id: str, row: int) -> Call:
    found = world.outbound.calls.load(world.stored(batch_id).call_id(row))
    assert found is not None
    return found


@pytest.fixture
def batches(aws: None, table: Table) -> BatchHarness:
    return make_batch_harness(table)
