"""What came of a batch: its counts, its rows, its file, its listing."""

from __future__ import annotations

import csv
import io

import pytest

from tests.builders import NOW_MS
from tests.store.batch_world import World, a_world, call_of, csv_of, numbers, page_of
from tests.store.test_desk import ME
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import finish_attempt
from trunkline.calls.value_objects import Ending
from trunkline.core.errors import BatchNotReady, NotFound
from trunkline.storage.table import Table


@pytest.fixture
def world(table: Table) -> World:
    return a_world(table)


def test_ends_are_counted_once_however_often_they_are_told(world: World) -> None:
    batch_id = world.made(text=csv_of(*numbers(3)))["id"]
    for _ in range(3):
        world.store.note_end(batch_id, 1, "completed", "user_hangup", 1)
        world.store.note_end(batch_id, 2, "failed", "dial_busy", 1)
    read = world.read(batch_id)
    assert read["progress"]["outcomes"] == {"completed": 1, "failed": 1}
    assert read["progress"]["reasons"] == [
        {"reason": "dial_busy", "calls": 1},
        {"reason": "user_hangup", "calls": 1},
    ]
    assert (read["progress"]["ended"], read["status"]) == (2, "running")
    world.store.note_end(batch_id, 3, "cancelled", None, 1)
    assert world.read(batch_id)["status"] == "completed"


def test_results_are_exported_as_csv_that_no_spreadsheet_takes_for_formulas(world: World) -> None:
    text = "phone,id\n+14155550001,=cmd\n+14155550002,b\nx,-c\n"
    batch_id = world.made(text=text)["id"]
    call = call_of(world, batch_id, 2)
    over = finish_attempt(call, Ending(State.FAILED, Reason.DIAL_BUSY), NOW_MS)
    world.scene.calls.change(call, over, NOW_MS)
    assert world.desk.export(ME, batch_id)["status"] == "preparing"
    world.run(batch_id)
    shown = world.desk.exported(ME, batch_id)
    assert shown["status"] == "ready"
    body = world.s3.get_object(Bucket="batches", Key=f"{batch_id}/results.csv")["Body"].read().decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["row"], row["id"], row["status"], row["reason"]) for row in rows] == [
        ("1", "'=cmd", "queued", ""),
        ("2", "b", "failed", "dial_busy"),
        ("3", "'-c", "refused", ""),
    ]


def test_a_batch_is_deleted_once_it_has_come_to_its_end(world: World) -> None:
    batch_id = world.made(text=csv_of(*numbers(1)))["id"]
    with pytest.raises(BatchNotReady):
        world.desk.delete(ME, batch_id)
    world.store.note_end(batch_id, 1, "completed", None, 1)
    world.desk.delete(ME, batch_id)
    with pytest.raises(NotFound):
        world.desk.get(ME, batch_id)
    assert (world.keys(batch_id), world.desk.page(ME, page_of())["data"]) == ([], [])


def test_batches_are_listed_newest_first_page_by_page(world: World) -> None:
    ids = [world.make()["id"] for _ in range(5)]
    first = world.desk.page(ME, page_of(limit=2))
    second = world.desk.page(ME, page_of(limit=2, cursor=first["next_cursor"]))
    third = world.desk.page(ME, page_of(limit=2, cursor=second["next_cursor"]))
    listed = [each["id"] for page in (first, second, third) for each in page["data"]]
    assert (listed, third["next_cursor"]) == (ids[::-1], None)
    assert len({world.stored(batch_id).first_us for batch_id in ids}) == 5, "each has its own span"
