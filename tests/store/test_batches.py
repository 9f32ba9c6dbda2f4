"""Batches: rows become calls once each, whatever fails in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_batches import BatchHarness, call_of, csv_of, line, numbers, suppress
from tests.store.fixtures_outbound import ME
from tests.support.builders import TRUNK
from tests.support.clocks import NOW_MS
from trunkline.batches.models import Row
from trunkline.batches.splitter import DuplicateDetector
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import claim_call, request_cancel
from trunkline.core.errors import BatchNotReady
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.keys.tenants import tenant_key
from trunkline.storage.table import Put
from trunkline.tools.repository import ToolRepository
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.service import WorkflowService

OTHERS = (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False))


def test_rows_become_calls_in_their_order_behind_direct_ones_of_their_priority(batches: BatchHarness) -> None:
    shown = batches.make(text=csv_of(*numbers(30)))
    assert (shown["status"], shown["upload"], shown["progress"]["rows"]) == ("importing", None, None)
    batches.run(shown["id"])
    direct = batches.outbound.place(priority=7)
    places = line(batches)
    assert places[0].call_id == direct.id
    assert [place.call_id for place in places[1:]] == [
        batches.stored(shown["id"]).call_id(row) for row in range(1, 31)
    ]
    assert {place.rank for place in places[1:]} == {(7, True)}
    call = call_of(batches, shown["id"], 30)
    assert (call.phone_number, call.source, call.batch_row and call.batch_row.number) == (
        "+14155550030",
        "batch",
        30,
    )
    assert batches.outbound.wakeups.sent, "the trunk's lane is woken"
    read = batches.read(shown["id"])
    assert (read["status"], read["progress"]["accepted"], read["progress"]["waiting"]) == ("running", 30, 0)
    assert read["eta"] is not None


def test_what_was_uploaded_is_gone_once_its_calls_are_made(batches: BatchHarness) -> None:
    shown = batches.make(text=csv_of(*numbers(3)))
    assert "upload" in batches.keys(shown["id"])
    batches.run(shown["id"])
    assert batches.keys(shown["id"]) == ["parts-import.json"]


def test_a_dry_run_says_what_would_come_of_it_and_calls_nobody(batches: BatchHarness) -> None:
    suppress(batches, "+14155550002")
    shown = batches.made(text=csv_of(*numbers(10), "x"), dry_run=True)
    assert (shown["status"], line(batches)) == ("checked", [])
    assert (shown["progress"]["accepted"], shown["progress"]["refusals"]) == (
        9,
        [{"type": "invalid_request", "rows": 1}, {"type": "suppressed", "rows": 1}],
    )
    # Nine calls at five a second.
    assert shown["forecast"] == {
        "calls": 9,
        "starts_at": "2023-11-14T22:13:20.000Z",
        "finish_at": "2023-11-14T22:13:21.800Z",
    }
    assert {row["row"]: row["error_type"] for row in batches.rows(shown["id"], only="refused")} == {
        2: "suppressed",
        11: "invalid_request",
    }
    started = batches.service.start(ME, shown["id"])
    assert started["status"] == "importing"
    batches.run(shown["id"])
    assert len(line(batches)) == 9
    with pytest.raises(BatchNotReady):
        batches.service.start(ME, shown["id"])


def test_suppressed_numbers_are_found_in_the_transaction_itself(batches: BatchHarness) -> None:
    suppress(batches, "+14155550002", "+14155550030")
    shown = batches.made(text=csv_of(*numbers(30)))
    assert (shown["progress"]["accepted"], len(line(batches))) == (28, 28)
    assert [row["row"] for row in batches.rows(shown["id"], only="refused")] == [2, 30]


def test_an_upload_is_started_once_it_is_there(batches: BatchHarness) -> None:
    shown = batches.make()
    assert (shown["status"], shown["upload"]["method"]) == ("awaiting_upload", "PUT")
    with pytest.raises(BatchNotReady, match="Nothing is uploaded"):
        batches.service.start(ME, shown["id"])
    batches.files.put_upload(shown["id"], csv_of(*numbers(2)).encode())
    assert batches.service.start(ME, shown["id"])["status"] == "importing"
    batches.run(shown["id"])
    assert len(line(batches)) == 2


def test_an_upload_that_is_replaced_while_it_is_read_ends_the_batch(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file has a number twice: the first read would not have known."""
    shown, look = batches.make(), DuplicateDetector.find_repeated
    batches.files.put_upload(shown["id"], csv_of(*numbers(2)).encode())
    batches.service.start(ME, shown["id"])

    def replace_after(self: DuplicateDetector, rows: Iterable[Row]) -> None:
        look(self, rows)
        batches.files.put_upload(shown["id"], csv_of(*numbers(1), *numbers(1)).encode())

    monkeypatch.setattr(DuplicateDetector, "find_repeated", replace_after)
    batches.run(shown["id"])
    ended = batches.read(shown["id"])
    assert (ended["status"], line(batches), batches.keys(shown["id"])) == ("refused", [], [])
    assert ended["refused_because"].startswith("the file was uploaded again while it was read")


@pytest.mark.memory_table
def test_a_tenant_with_as_many_waiting_as_may_has_the_rest_wait(batches: BatchHarness) -> None:
    batches.table.write(Put(tenant_key("tenant-1").as_item() | {"max_calls_waiting": 40}))
    shown = batches.make(text=csv_of(*numbers(60)))
    (step,) = batches.run(shown["id"])
    assert (step.next, step.wait_s >= 5, len(line(batches))) == ("wait", True, 40)
    assert batches.read(shown["id"])["progress"]["waiting"] == 20
    assert [row["status"] for row in batches.rows(shown["id"])][39:41] == ["queued", "waiting"]
    for place in line(batches):
        call = batches.outbound.calls.load(place.call_id)
        change = request_cancel(call, NOW_MS) if call else None
        assert call is not None
        assert change is not None
        batches.outbound.calls.apply(call, change, NOW_MS)
    batches.clock.move_s(10)
    batches.outbound.service.admission.clock.move_s(10)  # type: ignore[attr-defined]
    (step,) = batches.run(shown["id"])
    assert (step.next, len(line(batches))) == ("done", 20)


def test_a_paused_batch_is_held_on_its_trunks_and_a_resumed_one_is_not(batches: BatchHarness) -> None:
    batch_id = batches.made(text=csv_of(*numbers(5)))["id"]
    assert batches.service.pause(ME, batch_id, paused=True)["paused"] is True
    state = batches.outbound.service.trunks.state(TRUNK.id)
    assert state is not None
    assert DialQueue(batches.table).peek(TRUNK.id, "tenant-1", 9, state.active_holds(NOW_MS)) == []
    assert batches.read(batch_id)["eta"] is None
    sent = len(batches.outbound.wakeups.sent)
    assert batches.service.pause(ME, batch_id, paused=False)["paused"] is False
    state = batches.outbound.service.trunks.state(TRUNK.id)
    assert state is not None
    assert (state.holds, len(batches.outbound.wakeups.sent)) == ((), sent + 1)


def test_a_batch_that_starts_later_is_held_until_then(batches: BatchHarness) -> None:
    shown = batches.made(text=csv_of(*numbers(2)), starts_at="2023-11-15T09:00:00Z")
    state = batches.outbound.service.trunks.state(TRUNK.id)
    assert state is not None
    assert [hold.until_ms for hold in state.holds] == [NOW_MS + 38_800_000]
    assert shown["ends_at"] == "2023-11-22T09:00:00.000Z"
    assert call_of(batches, shown["id"], 1).expires_at_ms == NOW_MS + 38_800_000 + 7 * 86_400_000


def test_a_cancelled_batch_ends_what_waits_and_leaves_what_rings(batches: BatchHarness) -> None:
    batch_id = batches.made(text=csv_of(*numbers(30)))["id"]
    ringing = call_of(batches, batch_id, 1)
    taken = batches.outbound.calls.apply(ringing, claim_call(ringing, "run-1", "room"), NOW_MS)
    sent = replace(taken, phase=Phase.SENT, state=State.CONNECTING)
    batches.outbound.calls.apply(taken, replace(claim_call(taken, "run-1", "room"), call=sent), NOW_MS)
    assert batches.service.cancel(ME, batch_id)["status"] == "cancelling"
    batches.run(batch_id)
    assert batches.read(batch_id)["status"] == "cancelled"
    states = Counter(call_of(batches, batch_id, row).state for row in range(1, 31))
    assert states == {State.CANCELLED: 29, State.CONNECTING: 1}
    assert (line(batches), batches.keys(batch_id)) == ([], [])
    assert batches.service.cancel(ME, batch_id)["status"] == "cancelled", "asking again changes nothing"


@pytest.mark.memory_table
def test_a_cancel_during_the_import_leaves_no_row_behind(batches: BatchHarness) -> None:
    """The importer that was under way writes nothing after the part was cancelled."""
    shown = batches.make(text=csv_of(*numbers(60)))
    batch = batches.stored(shown["id"])
    assert batch.job is not None
    batches.worker.begin(batch.id, batch.job)
    drafter, drafted = batches.importer.row_converter, 0

    def slow(of: Any) -> Any:
        class Slow:
            def convert(self, row: Any) -> Any:
                nonlocal drafted
                drafted += 1
                if drafted == 40:
                    batches.service.cancel(ME, batch.id)
                    batches.run(batch.id)
                return drafter(of).convert(row)

        return Slow()

    importer = replace(batches.importer, row_converter=slow)
    importer.import_part(batches.stored(batch.id), 1, check=False)
    states = Counter(row["status"] for row in batches.rows(batch.id))
    assert states == {"cancelled": 32, "dropped": 28}
    assert line(batches) == []


@pytest.mark.memory_table
def test_a_row_with_all_that_can_be_written_with_it_fits_into_a_transaction(batches: BatchHarness) -> None:
    """Four writes and a check a row: 99 rows are no transaction of a hundred actions."""
    suppress(batches, "+14155559999")
    spec = WorkflowSpec(slug="visits", entry_agent="Ada", channel="phone")
    agents = batches.outbound.agents
    tools = ToolRepository(batches.table)
    WorkflowService(WorkflowRepository(batches.table), agents, tools, batches.clock, lambda *_: False).create(
        ME, spec
    )
    context = {"phone": "{{row.phone}}", "name": "{{row.name}}"}
    body = {"workflow_slug": "visits", "user_id": "u", "user_context": context}
    shown = batches.made(kind="workflow", body=body, text=csv_of(*numbers(99)))
    assert (shown["progress"]["accepted"], len(line(batches))) == (99, 99)
