"""Workers of batches: ones that die, are doubled, wait for long, or were given up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.store.fixtures_batches import BatchHarness, csv_of, line, numbers
from tests.store.fixtures_outbound import ME
from tests.support.passes import PassOnce
from tests.support.stubs import GUARD
from trunkline.batches.importer import DONE, Importer
from trunkline.batches.models import BatchJob
from trunkline.batches.worker import MAX_WAITS, NotFinished
from trunkline.reconciler.batches import BatchReconciler
from trunkline.storage.keys.tenants import tenant_key
from trunkline.storage.table import Put

OTHERS = (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False))


@pytest.mark.memory_table
def test_a_worker_that_dies_between_two_groups_is_followed_by_one_that_goes_on(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, written = batches.make(text=csv_of(*numbers(100))), 0
    note = Importer._write_transaction

    def dies(self: Importer, *args: Any, **more: Any) -> Any:
        nonlocal written
        written += 1
        if written == 3:
            raise SystemExit("killed")
        return note(self, *args, **more)

    monkeypatch.setattr(Importer, "_write_transaction", dies)
    with pytest.raises(SystemExit):
        batches.run(shown["id"])
    assert len(line(batches)) == 64
    batches.run(shown["id"])
    assert (len(line(batches)), batches.read(shown["id"])["progress"]["accepted"]) == (100, 100)


@pytest.mark.memory_table
def test_two_workers_on_one_part_make_each_call_once(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, inside = batches.make(text=csv_of(*numbers(60))), False
    note = Importer._write_transaction

    def twice(self: Importer, *args: Any, **more: Any) -> Any:
        nonlocal inside
        if not inside:
            inside = True
            note(self, *args, **more)
        inside = False
        return note(self, *args, **more)

    monkeypatch.setattr(Importer, "_write_transaction", twice)
    batches.run(shown["id"])
    assert (len(line(batches)), batches.read(shown["id"])["progress"]["accepted"]) == (60, 60)


@pytest.mark.memory_table
def test_a_part_that_waits_for_long_goes_on_in_the_next_round_of_its_job(batches: BatchHarness) -> None:
    """An execution's history is bounded: a round ends before its bound, and is no failure."""
    batches.table.write(Put(tenant_key("tenant-1").as_item() | {"max_calls_waiting": 40}))
    batch_id = batches.make(text=csv_of(*numbers(60)))["id"]
    job = BatchJob.IMPORT
    assert batches.worker.begin(batch_id, job) == "parts"
    waits = [batches.worker.part(batch_id, job, 1, waits).waits for waits in range(3)]
    assert waits == [1, 2, 3]
    assert batches.worker.part(batch_id, job, 1, MAX_WAITS - 1).next == "wait"
    assert batches.worker.part(batch_id, job, 1, MAX_WAITS).next == "pause"
    assert batches.worker.end(batch_id, job, is_paused=True) == "again"
    assert batches.stored(batch_id).job is job, "the job goes on"
    batches.table.write(Put(tenant_key("tenant-1").as_item() | {"max_calls_waiting": 100}))
    batches.outbound.service.admission.clock.move_s(61)  # type: ignore[attr-defined]
    assert batches.worker.begin(batch_id, job) == "parts"
    assert batches.worker.part(batch_id, job, 1) == DONE
    assert batches.worker.end(batch_id, job) == "done"
    assert (batches.read(batch_id)["status"], len(line(batches))) == ("running", 60)


def test_what_is_lost_on_the_way_the_reconciler_begins(batches: BatchHarness) -> None:
    batches.flow.broken = EndpointConnectionError(endpoint_url="x")
    batch_id = batches.make(text=csv_of(*numbers(2)))["id"]
    batches.flow.broken = None
    flow: Any = batches.flow
    reconciler = BatchReconciler(batches.store, flow, batches.clock, GUARD)
    repairs = Counter[str]()
    reconciler.reconcile(repairs, PassOnce())
    assert batches.flow.started == [], "it is let be for a minute"
    batches.clock.move_s(61)
    reconciler.reconcile(repairs, PassOnce())
    assert [batch.execution_name for batch in batches.flow.started] == [f"{batch_id}-import-1"]
    batches.flow.failed.add(f"{batch_id}-import-1")
    reconciler.reconcile(repairs, PassOnce())
    assert batches.flow.started[-1].execution_name == f"{batch_id}-import-2"
    assert repairs == {"batch_begun_anew": 1}
    batches.run(batch_id)
    batches.clock.move_s(120)
    reconciler.reconcile(repairs, PassOnce())
    assert len(batches.flow.started) == 2, "its work is done"


def test_work_with_a_part_that_was_given_up_does_not_end(batches: BatchHarness) -> None:
    batch_id = batches.make(text=csv_of(*["none"] * 500, *numbers(1)))["id"]
    with pytest.raises(NotFinished):
        batches.run(batch_id, most=1)
    assert batches.read(batch_id)["status"] == "importing"
