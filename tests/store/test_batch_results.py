"""What came of a batch: its counts, its rows, its file, its listing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from tests.store.fixtures_batches import BatchHarness, call_of, csv_of, numbers, page_of, suppress
from tests.store.fixtures_outbound import ME
from tests.support.builders import TRUNK
from tests.support.clocks import NOW_MS
from trunkline.batches.models import BatchJob, BatchState
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import finish_attempt
from trunkline.calls.value_objects import Ending
from trunkline.core.errors import BatchNotReady, NotFound
from trunkline.storage.keys.dialing import batch_hold_key
from trunkline.trunks.repository import TrunkRepository


def test_ends_are_counted_once_however_often_they_are_told(batches: BatchHarness) -> None:
    batch_id = batches.made(text=csv_of(*numbers(3)))["id"]
    for _ in range(3):
        batches.store.record_call_end(batch_id, 1, "completed", "user_hangup", 1)
        batches.store.record_call_end(batch_id, 2, "failed", "dial_busy", 1)
    read = batches.read(batch_id)
    assert read["progress"]["outcomes"] == {"completed": 1, "failed": 1}
    assert read["progress"]["reasons"] == [
        {"reason": "dial_busy", "calls": 1},
        {"reason": "user_hangup", "calls": 1},
    ]
    assert (read["progress"]["ended"], read["status"]) == (2, "running")
    batches.store.record_call_end(batch_id, 3, "cancelled", None, 1)
    assert batches.service.page(ME, page_of())["data"][0]["status"] == "completed"
    assert batches.stored(batch_id).state is BatchState.COMPLETED, "its calls are not counted again"
    assert batches.read(batch_id)["status"] == "completed"
    assert batches.service.cancel(ME, batch_id)["status"] == "completed"
    with pytest.raises(BatchNotReady, match="Batch is completed"):
        batches.service.pause(ME, batch_id, paused=True)


def test_a_batch_that_is_read_first_is_completed_in_the_list(batches: BatchHarness) -> None:
    batch_id = batches.made(text=csv_of(*numbers(1)))["id"]
    assert batches.service.page(ME, page_of())["data"][0]["status"] == "running"
    batches.store.record_call_end(batch_id, 1, "completed", None, 1)
    assert batches.read(batch_id)["status"] == "completed"
    assert batches.stored(batch_id).state is BatchState.COMPLETED


def test_results_are_filtered_by_number_id_and_outcome(batches: BatchHarness) -> None:
    suppress(batches, "+14155550003")
    text = "phone,id\n+14155550001,a\n+14155550002,b\n+14155550003,c\n+14155550001,d\n"
    batch_id = batches.made(text=text)["id"]
    call = call_of(batches, batch_id, 2)
    over = finish_attempt(call, Ending(State.FAILED, Reason.DIAL_BUSY), NOW_MS)
    batches.outbound.calls.apply(call, over, NOW_MS)

    def found(**query: str) -> list[int]:
        return [row["row"] for row in batches.rows(batch_id, **query)]

    assert found(phone_number="+14155550001") == found(phone_number=" 14155550001") == [1, 4]
    assert found(phone_number="14155550003") == [3], "refused rows show their last digits"
    assert (found(id="b"), found(id="x")) == ([2], [])
    assert (found(status="failed"), found(status="refused")) == ([2], [3, 4])
    assert (found(reason="dial_busy"), found(reason="suppressed")) == ([2], [3])
    assert found(only="refused", phone_number="+14155550001") == [4]
    assert found(phone_number="+114155550001") == [1, 4], "however it is spelt"


def test_results_are_exported_as_csv_that_no_spreadsheet_takes_for_formulas(batches: BatchHarness) -> None:
    text = "phone,id\n+14155550001,=cmd\n+14155550002,b\nx,-c\n+14155550004,+cmd|x\n＝1,d\n"
    batch_id = batches.made(text=text)["id"]
    call = call_of(batches, batch_id, 2)
    over = finish_attempt(call, Ending(State.FAILED, Reason.DIAL_BUSY), NOW_MS)
    batches.outbound.calls.apply(call, over, NOW_MS)
    assert batches.service.export(ME, batch_id)["status"] == "preparing"
    batches.run(batch_id)
    shown = batches.service.exported(ME, batch_id)
    assert shown["status"] == "ready"
    body = batches.s3.get_object(Bucket="batches", Key=f"{batch_id}/results.csv")["Body"].read().decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["row"], row["id"], row["status"], row["reason"]) for row in rows] == [
        ("1", "'=cmd", "queued", ""),
        ("2", "b", "failed", "dial_busy"),
        ("3", "'-c", "refused", ""),
        ("4", "'+cmd|x", "queued", ""),
        ("5", "d", "refused", ""),
    ]
    assert [row["phone_number"] for row in rows] == [
        "+14155550001",
        "+14155550002",
        "x",
        "+14155550004",
        "'＝1",
    ]


def test_an_export_whose_file_is_gone_is_none(batches: BatchHarness) -> None:
    batch_id = batches.made(text=csv_of(*numbers(2)))["id"]
    batches.service.export(ME, batch_id)
    batches.run(batch_id)
    assert batches.service.exported(ME, batch_id)["status"] == "ready"
    batches.service.cancel(ME, batch_id)
    batches.run(batch_id)
    gone = batches.service.exported(ME, batch_id)
    assert (gone["status"], gone["url"]) == ("none", None)


def test_a_batch_is_deleted_once_it_has_come_to_its_end(batches: BatchHarness) -> None:
    batch_id = batches.made(text=csv_of(*numbers(1)))["id"]
    with pytest.raises(BatchNotReady):
        batches.service.delete(ME, batch_id)
    batches.store.record_call_end(batch_id, 1, "completed", None, 1)
    batches.service.delete(ME, batch_id)
    with pytest.raises(NotFound):
        batches.service.get(ME, batch_id)
    assert (batches.keys(batch_id), batches.service.page(ME, page_of())["data"]) == ([], [])


def test_batches_are_listed_newest_first_page_by_page(batches: BatchHarness) -> None:
    ids = [batches.make()["id"] for _ in range(5)]
    first = batches.service.page(ME, page_of(limit=2))
    second = batches.service.page(ME, page_of(limit=2, cursor=first["next_cursor"]))
    third = batches.service.page(ME, page_of(limit=2, cursor=second["next_cursor"]))
    listed = [batch["id"] for page in (first, second, third) for batch in page["data"]]
    assert (listed, third["next_cursor"]) == (ids[::-1], None)
    assert len({batches.stored(batch_id).first_us for batch_id in ids}) == 5, "each has its own span"


def test_a_trunk_that_is_granted_during_a_pause_holds_the_batch_too(batches: BatchHarness) -> None:
    batch_id = batches.make(text=csv_of(*numbers(2)))["id"]
    batches.service.pause(ME, batch_id, paused=True)
    batches.worker.begin(batch_id, BatchJob.IMPORT)
    trunks, later = TrunkRepository(batches.table), replace(TRUNK, id="trunk_later")
    trunks.create(later)
    trunks.grant(later.id, ME.tenant_id)
    batches.worker.part(batch_id, BatchJob.IMPORT, 1)
    for trunk_id in (TRUNK.id, later.id):
        assert batches.table.get(batch_hold_key(trunk_id, ME.tenant_id, batch_id)), trunk_id
