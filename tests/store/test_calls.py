"""Calls in the table: what is written together, and what a stale writer can't do."""

from __future__ import annotations

import pytest

from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import (
    claim_call,
    end_call,
    record_intent,
    requeue,
    store_pending_ending,
)
from trunkline.calls.value_objects import Ending
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.table import ConditionFailed, Table

FAILED = Ending(State.FAILED, Reason.QUEUE_UNAVAILABLE)


def test_accepting_writes_call_line_entry_and_event_together(table: Table, calls: CallRepository) -> None:
    calls.create(make_call())
    story = calls.load_with_events(make_call().id)
    assert story is not None
    assert story[0] == make_call()
    assert [event.type for event in story[1]] == ["queued"]
    assert [entry.call_id for entry in DialQueue(table).peek(TRUNK.id, "tenant-1", 5)] == [make_call().id]
    assert list(calls.waiting_ids(TRUNK.id)) == [make_call().id]


def test_accepting_twice_writes_nothing_the_second_time(table: Table, calls: CallRepository) -> None:
    calls.create(make_call())
    with pytest.raises(ConditionFailed):
        calls.create(make_call())
    assert len(DialQueue(table).peek(TRUNK.id, "tenant-1", 5)) == 1


def test_the_line_is_in_order_of_priority_then_arrival(table: Table, calls: CallRepository) -> None:
    for number, priority in ((1, 10), (2, 5), (3, 0), (4, 5), (5, 0)):
        calls.create(make_call(number, priority=priority))
    order = [int(entry.call_id[-12:]) for entry in DialQueue(table).peek(TRUNK.id, "tenant-1", 10)]
    assert order == [3, 5, 2, 4, 1]
    assert [int(entry.call_id[-12:]) for entry in DialQueue(table).peek(TRUNK.id, "tenant-1", 2)] == [3, 5]


def test_a_claim_takes_the_entry_and_only_one_of_two_wins(table: Table, calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    calls.apply(call, claim_call(call, "run-1", "r1"), NOW_MS)
    with pytest.raises(StaleCall):
        calls.apply(call, claim_call(call, "run-2", "r2"), NOW_MS)
    assert DialQueue(table).peek(TRUNK.id, "tenant-1", 5) == []
    stored = calls.load(call.id)
    assert stored is not None
    assert (stored.owner, stored.claim, stored.version) == ("run-1", 1, 2)


def test_withdrawing_and_claiming_exclude_each_other(table: Table, calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    calls.apply(call, claim_call(call, "run-1", "r1"), NOW_MS)
    with pytest.raises(StaleCall):
        calls.apply(call, end_call(call, FAILED, NOW_MS), NOW_MS)
    other = make_call(2)
    calls.create(other)
    calls.apply(other, end_call(other, FAILED, NOW_MS), NOW_MS)
    with pytest.raises(StaleCall):
        calls.apply(other, claim_call(other, "run-1", "r1"), NOW_MS)
    assert DialQueue(table).peek(TRUNK.id, "tenant-1", 5) == []


def test_a_zombies_intent_fails_after_its_claim_was_returned(calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    mine = calls.apply(call, claim_call(call, "run-1", "r1"), NOW_MS)
    calls.apply(mine, requeue(mine, NOW_MS, why="dialer_lost"), NOW_MS)
    with pytest.raises(StaleCall):
        calls.apply(mine, record_intent(mine, NOW_MS, intent="i", token_expires_at_ms=1), NOW_MS)


def test_an_ended_call_leaves_the_index_of_open_ones(calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    calls.apply(call, end_call(call, FAILED, NOW_MS), NOW_MS)
    assert not [*calls.waiting_ids(TRUNK.id), *calls.in_progress_ids(TRUNK.id)]
    stored = calls.load(call.id)
    assert stored is not None
    assert (stored.state, stored.reason, stored.ended_at_ms) == (
        State.FAILED,
        Reason.QUEUE_UNAVAILABLE,
        NOW_MS,
    )


def test_news_about_another_claim_is_ignored(calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    claim = calls.apply(call, claim_call(call, "run-1", "r1"), NOW_MS)
    calls.record_provider_ids(call.id, 7, {"sip_participant_id": "PA_old"})
    calls.record_provider_ids(call.id, claim.claim, {"sip_call_id": "SCL_mine"})
    calls.record_provider_ids("00000000-0000-4000-8000-999999999999", 1, {"sip_call_id": "SCL_x"})
    stored = calls.load(call.id)
    assert stored is not None
    assert (stored.sip_participant_id, stored.sip_call_id) == (None, "SCL_mine")
    assert calls.load("00000000-0000-4000-8000-999999999999") is None


def test_settling_decides_anew_when_the_call_changed_meanwhile(calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    mine = calls.apply(call, claim_call(call, "run-1", "r1"), NOW_MS)
    seen: list[int] = []

    def decide(current: Call) -> object:
        seen.append(current.version)
        if len(seen) == 1:
            calls.apply(current, store_pending_ending(current, FAILED), NOW_MS)
        return end_call(current, FAILED, NOW_MS)

    after = calls.update(mine.id, decide, NOW_MS)  # type: ignore[arg-type]
    assert seen == [2, 3]
    assert after is not None
    assert after.state is State.FAILED
    assert after.phase is Phase.SETTLED


def test_events_are_numbered_without_gaps(calls: CallRepository) -> None:
    call = make_call()
    calls.create(call)
    call = calls.apply(call, claim_call(call, "run-1", "r1"), NOW_MS)
    call = calls.apply(call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=1), NOW_MS)
    calls.apply(call, end_call(call, FAILED, NOW_MS, sip_status_code=486), NOW_MS)
    story = calls.load_with_events(call.id)
    assert story is not None
    assert [(event.sequence, event.type) for event in story[1]] == [
        (1, "queued"),
        (2, "connecting"),
        (3, "failed"),
    ]
    assert story[1][2].data == {"reason": "queue_unavailable", "sip_status_code": 486}
