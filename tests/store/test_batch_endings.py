"""A batch always ends: what cannot be done ends the row or the batch, with a reason, after bounded tries."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.fixtures_batches import BatchHarness, csv_of, line, numbers
from tests.store.fixtures_outbound import ME
from tests.support.passes import PassOnce
from tests.support.stubs import GUARD
from tests.unit.test_csv_reader import broken_files
from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.importer import Importer
from trunkline.batches.results import Results
from trunkline.batches.row_to_call import RowConverter
from trunkline.batches.s3_files import BatchFiles
from trunkline.batches.splitter import Splitter
from trunkline.batches.worker import MAX_FAILURES
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.reconciler.batches import BatchReconciler
from trunkline.storage.encryption import DecryptionFailed, EncryptionFailed
from trunkline.storage.table import Table
from trunkline.storage.writes import named_writes

ANY_FILE = st.binary(min_size=1, max_size=300) | broken_files().map(lambda file: file[0])
LOST = EndpointConnectionError(endpoint_url="x")


def fail(batches: BatchHarness, batch_id: str) -> None:
    """Have the present execution fail, and the reconciler start the next one."""
    batches.flow.failed.add(batches.stored(batch_id).execution_name)
    batches.clock.move_s(61)
    flow: Any = batches.flow
    BatchReconciler(batches.store, flow, batches.clock, GUARD).reconcile(Counter(), PassOnce())


def run_until_given_up(batches: BatchHarness, batch_id: str) -> dict[str, Any]:
    for _ in range(MAX_FAILURES):
        with pytest.raises(EndpointConnectionError):
            batches.run(batch_id)
        fail(batches, batch_id)
    batches.run(batch_id)
    return batches.read(batch_id)


@pytest.mark.memory_table
@given(ANY_FILE, st.sampled_from(("csv", "ndjson", "json")), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_batch_of_any_file_ends_with_every_row_in_one_count(
    batches: BatchHarness, raw: bytes, row_format: str, again: bool
) -> None:
    batches.clock.move_s(1)
    batch_id = batches.make(format=row_format, same_numbers="call" if again else "refuse")["id"]
    batches.files.put_upload(batch_id, raw)
    batches.service.start(ME, batch_id)
    batches.run(batch_id)
    read = batches.read(batch_id)
    if read["status"] == "refused":
        assert read["refused_because"]
        return
    assert read["status"] in ("running", "completed")
    progress = read["progress"]
    assert (progress["accepted"] + progress["refused"], progress["waiting"]) == (progress["rows"], 0)
    rows = batches.rows(batch_id)
    assert len(rows) == progress["rows"]
    if row_format != "json":
        assert [row["file_line"] for row in rows] == sorted({row["file_line"] for row in rows})


def test_a_file_with_cr_line_ends_is_read(batches: BatchHarness) -> None:
    shown = batches.made(text=csv_of(*numbers(3)).replace("\n", "\r"), dry_run=True)
    assert (shown["status"], shown["progress"]["accepted"]) == ("checked", 3)


@pytest.mark.memory_table
def test_a_row_that_can_not_be_stored_is_refused_and_the_others_are_called(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact = Table.transact

    def refuse(self: Table, writes: Any, *more: Any) -> None:
        if any("+14155550007" in str(getattr(write, "item", "")) for _, write in named_writes(writes)):
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "too large"}}, "x")
        transact(self, writes, *more)

    batch_id = batches.make(text=csv_of(*numbers(40)))["id"]
    monkeypatch.setattr(Table, "transact", refuse)
    batches.run(batch_id)
    read = batches.read(batch_id)
    assert (read["progress"]["accepted"], len(line(batches))) == (39, 39)
    assert read["progress"]["refusals"] == [{"type": "internal_error", "rows": 1}]
    (row,) = batches.rows(batch_id, only="refused")
    assert (row["row"], row["file_line"], row["phone_number"]) == (7, 8, "+…0007")


def test_a_row_that_can_not_be_converted_is_refused_alone(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = RowConverter._call

    def fails(self: RowConverter, body: Any) -> Any:
        if body["phoneNumber"].endswith("2"):
            raise OverflowError
        return call(self, body)

    monkeypatch.setattr(RowConverter, "_call", fails)
    shown = batches.made(text=csv_of(*numbers(3)))
    assert [row["error_type"] for row in batches.rows(shown["id"])] == [None, "internal_error", None]


@pytest.mark.parametrize(
    "error", [LOST, EncryptionFailed("x"), DecryptionFailed("x"), LiveKitNotConfigured()]
)
def test_what_says_nothing_about_a_row_refuses_none(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: Any) -> Any:
        raise error

    batch_id = batches.make(text=csv_of(*numbers(3)))["id"]
    with monkeypatch.context() as patched:
        patched.setattr(RowConverter, "_call", fails)
        with pytest.raises(type(error)):
            batches.run(batch_id)
    batches.run(batch_id)
    assert batches.read(batch_id)["progress"]["accepted"] == 3


def test_an_upload_that_breaks_the_reader_refuses_the_batch(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(Splitter, "split", fails)
    shown = batches.made(text=csv_of(*numbers(3)))
    assert (shown["status"], shown["refused_because"]) == ("refused", "the rows could not be read")


def test_an_upload_that_can_not_be_fetched_refuses_the_batch_after_several_tries(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise LOST

    monkeypatch.setattr(BatchFiles, "upload", fails)
    shown = run_until_given_up(batches, batches.make(text=csv_of(*numbers(3)))["id"])
    assert (shown["status"], shown["refused_because"]) == ("refused", "the rows could not be read")


@pytest.mark.memory_table
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_part_that_can_not_be_imported_is_refused_row_by_row_after_several_tries(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    """The first part is imported, the second never is."""
    take = Importer.import_part

    def fails(self: Importer, batch: Any, number: int, *, check: bool) -> Any:
        if number == 2:
            raise LOST
        return take(self, batch, number, check=check)

    monkeypatch.setattr(Importer, "import_part", fails)
    shown = run_until_given_up(batches, batches.make(text=csv_of(*numbers(510)), dry_run=dry_run)["id"])
    assert shown["status"] == ("checked" if dry_run else "running")
    assert (shown["progress"]["accepted"], shown["progress"]["waiting"]) == (500, 0)
    assert shown["progress"]["refusals"] == [{"type": "not_imported", "rows": 10}]
    (row,) = batches.rows(shown["id"], phone_number="+14155550505")
    assert (row["file_line"], row["error"]) == (506, "the row could not be imported after several tries")


def test_a_forecast_that_can_not_be_made_leaves_the_batch_checked(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise LOST

    monkeypatch.setattr(ForecastService, "forecast", fails)
    shown = run_until_given_up(batches, batches.make(text=csv_of(*numbers(3)), dry_run=True)["id"])
    assert (shown["status"], shown["forecast"], shown["progress"]["accepted"]) == ("checked", None, 3)


def test_a_cancel_that_can_not_be_done_ends_and_no_call_of_it_is_dialled(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise LOST

    batch_id = batches.made(text=csv_of(*numbers(3)))["id"]
    batches.service.cancel(ME, batch_id)
    monkeypatch.setattr(type(batches.worker.canceller), "cancel_part", fails)
    shown = run_until_given_up(batches, batch_id)
    assert shown["status"] == "cancelled"
    state = batches.outbound.service.trunks.state(batches.outbound.agent.trunk_id or "")
    assert state is not None
    assert [hold.batch_id for hold in state.holds] == [batch_id]


def test_an_export_that_can_not_be_written_says_so(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise LOST

    batch_id = batches.made(text=csv_of(*numbers(3)))["id"]
    batches.service.export(ME, batch_id)
    with monkeypatch.context() as patched:
        patched.setattr(Results, "as_csv", fails)
        run_until_given_up(batches, batch_id)
    assert batches.service.exported(ME, batch_id)["status"] == "failed"
    batches.service.export(ME, batch_id)
    batches.run(batch_id)
    assert batches.service.exported(ME, batch_id)["status"] == "ready"


def test_a_job_whose_tries_failed_begins_the_next_one_without_them(batches: BatchHarness) -> None:
    batch_id = batches.make(text=csv_of(*numbers(3)))["id"]
    fail(batches, batch_id)
    assert batches.stored(batch_id).failures == 1
    batches.run(batch_id)
    assert batches.stored(batch_id).failures == 0
