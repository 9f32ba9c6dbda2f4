"""The list of calls: filters for which calls are read, and waiting until the list changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_outbound import LONG_POLLS, ME, OTHER, OutboundHarness
from trunkline.call_control import get_call, list_calls
from trunkline.call_control.call_query import CallQuery
from trunkline.call_control.get_call import CallList
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Ending
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated_query
from trunkline.storage.keys.item import Item, ItemKey

WAIT_S = 20


def listed(outbound: OutboundHarness, principal: Any = ME, **query: Any) -> CallList:
    values = {name: str(value) for name, value in query.items()}
    return outbound.reader.list_calls(principal, validated_query(CallQuery, values))


def ids(found: CallList) -> list[str]:
    return [call["call_id"] for call in found["data"]]


def end(outbound: OutboundHarness, call: Call, reason: Reason, state: State = State.FAILED) -> None:
    now_ms = outbound.clock.wall_ms()
    outbound.calls.update(call.id, lambda current: end_call(current, Ending(state, reason), now_ms), now_ms)


def copies(outbound: OutboundHarness, call: Call, number: int) -> list[Call]:
    """Store that many other calls like this one, each a millisecond later than the one before."""
    made = []
    for later in range(1, number + 1):
        at_ms, call_id = call.created_at_ms + later, str(uuid.uuid4())
        place = call.queue_position.replace(call.id, call_id)
        made.append(replace(call, id=call_id, created_at_ms=at_ms, queue_position=place))
        outbound.calls.create(made[-1])
    return made


def test_calls_are_found_by_why_they_failed_and_by_trunk(outbound: OutboundHarness) -> None:
    first, second, third = (outbound.place(phoneNumber=f"+1415555267{number}") for number in range(3))
    end(outbound, first, Reason.QUEUE_UNAVAILABLE)
    end(outbound, second, Reason.EXPIRED, State.TIMEOUT)
    assert ids(listed(outbound, failure_reason="queue_unavailable")) == [first.id]
    assert ids(listed(outbound, failure_reason="expired", status="timeout")) == [second.id]
    assert ids(listed(outbound, failure_reason="expired", status="failed")) == []
    assert set(ids(listed(outbound, trunk_id=first.trunk_id))) == {first.id, second.id, third.id}
    assert ids(listed(outbound, trunk_id="trunk_other")) == []
    assert ids(listed(outbound, OTHER, failure_reason="expired")) == []


@pytest.mark.parametrize(
    ("wanted", "is_found"),
    [
        ("order=4711", True),
        ("note=a=b", True),
        ("paid=true", True),
        ("order=471", False),
        ("Order=4711", False),
        ("missing=4711", False),
        ('items=["a"]', True),
        ("empty=", True),
    ],
)
def test_calls_are_found_by_their_metadata(outbound: OutboundHarness, wanted: str, is_found: bool) -> None:
    metadata = {"order": 4711, "note": "a=b", "paid": True, "items": ["a"], "empty": ""}
    call = outbound.place(metadata=metadata)
    outbound.place(phoneNumber="+14155552672", metadata={"order": 1})
    assert ids(listed(outbound, metadata=wanted)) == ([call.id] if is_found else [])


def test_one_call_in_many_is_found_by_the_cursor_with_bounded_reads(
    outbound: OutboundHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_calls, "MAX_CALLS_READ", 20)
    monkeypatch.setattr(list_calls, "_CALLS_AT_ONCE", 10)
    wanted = outbound.place(metadata={"order": "x"})
    copies(outbound, replace(wanted, metadata_json="{}"), 21)
    read: list[int] = []
    get_all = outbound.table.get_all

    def counted(keys: Sequence[ItemKey]) -> list[Item]:
        read.append(len(keys))
        return get_all(keys)

    monkeypatch.setattr(outbound.table, "get_all", counted)
    first = listed(outbound, metadata="order=x")
    assert (first["data"], sum(read)) == ([], 20)
    rest = listed(outbound, metadata="order=x", cursor=first["next_cursor"])
    assert (ids(rest), rest["next_cursor"]) == ([wanted.id], None)


def test_pages_of_found_calls_neither_repeat_nor_skip_any(outbound: OutboundHarness) -> None:
    first = outbound.place(metadata={"order": "x"})
    all_ids = [first.id, *(call.id for call in copies(outbound, first, 6))]
    seen: list[str] = []
    query: dict[str, Any] = {"metadata": "order=x", "limit": 2}
    while True:
        page = listed(outbound, **query)
        seen += ids(page)
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == all_ids[::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"metadata": "order"},
        {"metadata": "=1"},
        {"failure_reason": "bored"},
        {"wait": "26"},
        {"wait": "5", "metadata": "a=b"},
        {"after": "x"},
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(outbound: OutboundHarness, query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        listed(outbound, **query)


# Waiting for the list to change.


def test_a_list_is_answered_as_soon_as_it_changes(outbound: OutboundHarness) -> None:
    call = outbound.place()
    known = listed(outbound)
    began_ms = outbound.clock.wall_ms()
    outbound.meanwhile = lambda: end(outbound, call, Reason.CANCELLED, State.CANCELLED)
    changed = listed(outbound, wait=WAIT_S, after=known["version"])
    assert changed["data"][0]["status"] == "failed"
    assert changed["version"] != known["version"]
    assert outbound.clock.wall_ms() - began_ms == 500
    outbound.meanwhile = lambda: outbound.place(phoneNumber="+14155552672")
    assert len(listed(outbound, wait=WAIT_S, after=changed["version"])["data"]) == 2


def test_a_list_that_does_not_change_is_answered_when_the_time_is_over(outbound: OutboundHarness) -> None:
    outbound.place()
    known, began_ms = listed(outbound), outbound.clock.wall_ms()
    assert listed(outbound, wait=WAIT_S, after=known["version"]) == known
    assert outbound.clock.wall_ms() - began_ms == WAIT_S * 1000


def test_only_a_change_of_what_the_filters_show_ends_the_wait(outbound: OutboundHarness) -> None:
    outbound.place()
    known, began_ms = listed(outbound, status="completed"), outbound.clock.wall_ms()
    outbound.meanwhile = lambda: outbound.place(phoneNumber="+14155552672")
    assert listed(outbound, status="completed", wait=5, after=known["version"])["data"] == []
    assert outbound.clock.wall_ms() - began_ms == 5_000


def test_a_list_that_has_changed_already_is_answered_at_once(outbound: OutboundHarness) -> None:
    known = listed(outbound)
    outbound.place()
    began_ms = outbound.clock.wall_ms()
    assert listed(outbound, wait=WAIT_S, after=known["version"])["version"] != known["version"]
    assert listed(outbound, wait=WAIT_S)["data"]
    assert outbound.clock.wall_ms() == began_ms


def test_a_list_takes_a_slot_of_the_long_polls(outbound: OutboundHarness) -> None:
    known = listed(outbound)
    slots = [outbound.reader.long_polls.slot(ME.tenant_id, WAIT_S) for _ in range(LONG_POLLS)]
    assert sum(slot.__enter__() for slot in slots) == LONG_POLLS // 2
    began_ms = outbound.clock.wall_ms()
    sent_back = listed(outbound, wait=WAIT_S, after=known["version"])
    assert sent_back["poll_after_s"] > 0
    assert outbound.clock.wall_ms() == began_ms


def test_the_rarer_calls_are_the_rarer_a_look_is(
    outbound: OutboundHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_call, "_CHEAP_ENTRIES", 10)
    copies(outbound, outbound.place(), 20)
    known = listed(outbound, status="completed")
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        outbound.clock.move_s(seconds)

    reader = replace(outbound.reader, sleep=sleep)
    query = validated_query(CallQuery, {"status": "completed", "wait": "5", "after": known["version"]})
    reader.list_calls(ME, query)
    assert looks == [1.0] * 5
