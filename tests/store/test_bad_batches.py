"""Batches that can't be, rows that are none, and other tenants."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.fixtures_batches import BatchHarness, call_of, csv_of, line, numbers, page_of, suppress
from tests.store.fixtures_outbound import ME
from trunkline.core.errors import InvalidRequest, LimitReached, LiveKitNotConfigured, NotFound
from trunkline.storage.table import Table
from trunkline.storage.writes import named_writes

OTHERS = (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False))


def test_bad_rows_are_kept_apart_and_the_good_ones_go(batches: BatchHarness) -> None:
    text = "\ufeffphone;name;id\r\n+14155550001;Ann;a\r\n+1;Bob;b\r\n+14155550003\r\n+14155550001;Cy;c\r\n"
    text += "+14155550005;Di;a\r\n\r\n+14155550006;Ed;e\r\n"
    shown = batches.made(text=text)
    assert (shown["progress"]["rows"], shown["progress"]["accepted"], shown["progress"]["refused"]) == (
        6,
        2,
        4,
    )
    assert shown["progress"]["refusals"] == [
        {"type": "duplicate", "rows": 2},
        {"type": "invalid_request", "rows": 1},
        {"type": "invalid_row", "rows": 1},
    ]
    rows = batches.rows(shown["id"])
    assert [(row["row"], row["id"], row["status"], row["error"]) for row in rows] == [
        (1, "a", "queued", None),
        (2, "b", "refused", "Validation error: Phone number must be in E.164 format (+1234567890)"),
        (3, None, "refused", "1 fields, the header has 3"),
        (4, "c", "refused", "the same number as line 2"),
        (5, "a", "refused", "the same id as line 2"),
        (6, "e", "queued", None),
    ]
    assert [(row["file_line"], row["phone_number"], row["value"]) for row in rows] == [
        (2, "+14155550001", None),
        (3, "+1", "+1"),
        (4, None, "+…0003"),
        (5, "+…0001", "+…0001"),
        (6, "+…0005", "a"),
        (8, "+14155550006", None),
    ]
    assert [row["row"] for row in batches.rows(shown["id"], only="called")] == [1, 6]
    assert [row["row"] for row in batches.rows(shown["id"], only="refused")] == [2, 3, 4, 5]


def test_a_number_may_be_called_twice_where_that_is_wanted(batches: BatchHarness) -> None:
    shown = batches.made(text=csv_of("+14155550001", "+14155550001"), same_numbers="call")
    assert shown["progress"]["accepted"] == 2


def test_another_spelling_of_a_number_is_a_duplicate(batches: BatchHarness) -> None:
    shown = batches.made(text=csv_of("+447911123456", "+4407911123456"))
    assert shown["progress"]["refusals"] == [{"type": "duplicate", "rows": 1}]


def test_a_duplicate_of_a_refused_row_is_called(batches: BatchHarness) -> None:
    """A row that makes no call is no reason to leave out the next one of its number or id."""
    body = {"agentId": batches.outbound.agent.id, "phoneNumber": "{{row.phone}}", "callerId": "{{row.from}}"}
    good = batches.outbound.agent.phone_numbers[0]
    rows = [("a", "+14155550001", "x"), ("a", "+14155550002", good), ("b", "+14155550001", good)]
    rows += [("a", "+14155550003", good), ("c", "+14155550001", good)]
    text = "\n".join(["id,phone,from", *(",".join(row) for row in rows)])
    shown = batches.made(body=body, text=text)
    assert [(row["status"], row["error"]) for row in batches.rows(shown["id"])] == [
        ("refused", "Validation error: Caller ID must be in E.164 format (+1234567890)"),
        ("queued", None),
        ("queued", None),
        ("refused", "the same id as line 3"),
        ("refused", "the same number as line 4"),
    ]


def test_a_duplicate_of_a_suppressed_row_is_called_under_its_id(batches: BatchHarness) -> None:
    suppress(batches, "+14155550001")
    text = "id,phone\na,+14155550001\na,+14155550002\nb,+14155550001\n"
    shown = batches.made(text=text)
    found = [(row["status"], row["error_type"]) for row in batches.rows(shown["id"])]
    assert found == [("refused", "suppressed"), ("queued", None), ("refused", "suppressed")]


@pytest.mark.memory_table
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.sets(st.integers(0, 3)))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_rows_of_one_number_share_one_check(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch, wanted: list[int], suppressed: set[int]
) -> None:
    """AWS refuses a transaction with two actions on one item; no request has them."""
    transact, keys = Table.transact, list[list[Any]]()

    def seen(self: Table, writes: Any, *more: Any) -> None:
        named = [write for _, write in named_writes(writes)]
        keys.append(
            [write.key if hasattr(write, "key") else (write.item["pk"], write.item["sk"]) for write in named]
        )
        transact(self, writes, *more)

    batches.clock.move_s(1)
    with monkeypatch.context() as patched:
        patched.setattr(Table, "transact", seen)
        suppress(batches, "+14155559999", *(f"+1415555000{n}" for n in suppressed))
        phones = [f"+1415555000{n}" for n in wanted]
        shown = batches.made(text=csv_of(*phones), same_numbers="call")
        for n in suppressed:
            batches.outbound.rules().release(ME, f"+1415555000{n}")
    assert all(len(each) == len(set(each)) for each in keys)
    accepted = sum(n not in suppressed for n in wanted)
    assert (shown["progress"]["accepted"], shown["progress"]["refused"]) == (accepted, len(wanted) - accepted)


def test_a_cell_that_is_empty_is_the_default(batches: BatchHarness) -> None:
    metadata = {"name": '{{row.First Name | default("friend")}}', "ort": "{{row.Téléphone}}"}
    body = {"agentId": batches.outbound.agent.id, "phoneNumber": "{{row.Téléphone}}", "metadata": metadata}
    text = "Téléphone|First Name\r+14155550001|\r+14155550002| Ann \r"
    shown = batches.made(body=body, text=text)
    calls = [call_of(batches, shown["id"], row) for row in (1, 2)]
    names = [json.loads(call.metadata_json)["name"] for call in calls]
    assert (names, shown["progress"]["accepted"]) == (["friend", "Ann"], 2)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"text": "name\nAnn"}, "column 'phone' is missing: the template names it; the columns are 'name'"),
        ({"text": "phone,phone\n+1,+1"}, "two columns are called 'phone'"),
        ({"text": "phone\n"}, "there are no rows"),
        ({"text": "[1", "format": "json"}, "not valid JSON"),
        ({"text": "{}", "format": "json"}, "must be a JSON array"),
        ({"rows": [{"phone": "+14155550001"}] * 100_001}, "there are more than 100000 rows"),
    ],
)
def test_rows_that_are_none_refuse_the_batch(batches: BatchHarness, more: dict[str, Any], why: str) -> None:
    shown = batches.made(**more)
    assert (shown["status"], shown["refused_because"]) == ("refused", why)
    assert (batches.keys(shown["id"]), line(batches)) == ([], [])


def test_a_value_that_a_row_lacks_is_its_own_fault(batches: BatchHarness) -> None:
    rows = [{"phone": "+14155550001"}, {"number": "+14155550002"}, {"phone": None}]
    shown = batches.made(rows=rows)
    assert shown["progress"]["accepted"] == 1
    assert [row["error_type"] for row in batches.rows(shown["id"])] == [
        None,
        "missing_value",
        "invalid_request",
    ]


@pytest.mark.parametrize("other", OTHERS)
def test_another_tenants_batch_is_none(batches: BatchHarness, other: Any) -> None:
    batch_id = batches.made(text=csv_of(*numbers(1)))["id"]
    for ask in (
        lambda: batches.service.get(other, batch_id),
        lambda: batches.service.start(other, batch_id),
        lambda: batches.service.pause(other, batch_id, paused=True),
        lambda: batches.service.cancel(other, batch_id),
        lambda: batches.service.export(other, batch_id),
        lambda: batches.service.delete(other, batch_id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert batches.service.page(other, page_of())["data"] == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"starts_at": "2023-12-25T09:00:00Z"}, "starts_at"),
        ({"ends_at": "2023-11-14T22:00:00Z"}, "ends_at"),
        ({"ends_at": "2023-12-14T22:00:00Z"}, "ends_at"),
    ],
)
def test_times_that_can_not_be_are_refused(batches: BatchHarness, more: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        batches.make(text=csv_of(*numbers(1)), **more)
    assert refused.value.field == field


def test_a_workflow_of_another_tenants_is_none(batches: BatchHarness) -> None:
    body = {"workflow_slug": "theirs", "user_id": "{{row.id}}", "user_context": {"phone": "{{row.phone}}"}}
    with pytest.raises(InvalidRequest, match="must name a workflow of yours"):
        batches.make(kind="workflow", body=body, text=csv_of(*numbers(1)))


def test_without_livekit_nothing_is_begun(batches: BatchHarness) -> None:
    batches.outbound.configured = False
    with pytest.raises(LiveKitNotConfigured):
        batches.make(text=csv_of(*numbers(1)))


@pytest.mark.memory_table
def test_a_tenant_has_no_more_than_fifty_batches_that_are_not_imported(batches: BatchHarness) -> None:
    for _ in range(50):
        batches.make()
        batches.clock.move_s(1)
    with pytest.raises(LimitReached):
        batches.make()


def test_a_template_with_an_unknown_field_is_refused_at_once(batches: BatchHarness) -> None:
    body = {"agentId": "{{row.agent}}", "phoneNumber": "{{row.phone}}", "calling_window": {"start": "00:00"}}
    with pytest.raises(InvalidRequest, match="unknown field calling_window: did you mean callingWindow"):
        batches.make(text="agent,phone\na,+15550100001\n", body=body)


@pytest.mark.parametrize(("same_numbers", "accepted"), [("refuse", 1), ("call", 3)])
def test_a_number_that_the_template_names_is_called_once(
    batches: BatchHarness, same_numbers: str, accepted: int
) -> None:
    body = {"agentId": batches.outbound.agent.id, "phoneNumber": "+14155550001"}
    shown = batches.made(body=body, text=csv_of(*numbers(3)), same_numbers=same_numbers)
    assert (shown["progress"]["accepted"], shown["progress"]["refused"]) == (accepted, 3 - accepted)
