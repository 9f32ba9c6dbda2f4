"""Requests that wait for a call to change: so many at once, and no tenant takes all places."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.fixtures_outbound import LONG_POLLS, ME, OutboundHarness
from tests.support.clocks import ManualClock
from trunkline.call_control.get_call import WaitQuery
from trunkline.call_control.long_polls import MAX_POLL_AFTER_S, MIN_POLL_AFTER_S, LongPolls, slots_of
from trunkline.storage.keys.tenants import long_poll_key
from trunkline.storage.table import Table

WAIT = WaitQuery(wait=20, after=None)
TENANTS = [f"tenant-{number}" for number in range(20)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def polls(table: Table, clock: ManualClock, slots: int = 8) -> LongPolls:
    """Slots that are tried in order, all of a tenant's."""
    return LongPolls(table, clock, slots, draw=lambda mine, _: list(mine))


def held(table: Table, slots: int = 8) -> int:
    return sum(table.get(long_poll_key(number)) is not None for number in range(slots))


@given(tenant=st.text(min_size=1), slots=st.integers(1, 300))
def test_a_tenant_may_take_half_of_the_slots_and_always_the_same(tenant: str, slots: int) -> None:
    mine = slots_of(tenant, slots)
    assert len(set(mine)) == len(mine) == max(1, slots // 2)
    assert set(mine) <= set(range(slots))
    assert slots_of(tenant, slots) == mine


def test_a_tenant_that_floods_leaves_slots_to_others(table: Table, clock: ManualClock) -> None:
    places = polls(table, clock)
    with ExitStack() as requests:
        got = [requests.enter_context(places.slot("tenant-1", 20)) for _ in range(50)]
        assert got.count(True) == 4
        other = next(each for each in TENANTS if set(slots_of(each, 8)) - set(slots_of("tenant-1", 8)))
        assert requests.enter_context(places.slot(other, 20))
    assert held(table) == 0


def test_all_tenants_together_take_no_more_than_there_are(table: Table, clock: ManualClock) -> None:
    places = polls(table, clock)
    with ExitStack() as requests:
        got = [requests.enter_context(places.slot(tenant, 20)) for tenant in TENANTS * 20]
        assert got.count(True) == held(table) == 8


def test_a_slot_whose_request_died_is_free_when_its_lease_has_ended(table: Table, clock: ManualClock) -> None:
    places = polls(table, clock, slots=1)
    died = places.slot("tenant-1", 20)
    assert died.__enter__()
    for moved_s, free in ((20, False), (4, False), (2, True)):
        clock.move_s(moved_s)
        with places.slot("tenant-2", 20) as found:
            assert found is free
    with places.slot("tenant-2", 20) as found:
        assert found
        died.__exit__(None, None, None)
        assert held(table, 1) == 1, "the late one freed the slot of another"


def test_only_some_of_many_slots_are_tried(table: Table, clock: ManualClock) -> None:
    drawn: list[int] = []

    def draw(mine: list[int], count: int) -> list[int]:
        drawn.append(count)
        return list(mine[:count])

    with LongPolls(table, clock, 200, draw=draw).slot("tenant-1", 20) as found:  # type: ignore[arg-type]
        assert found
    assert drawn == [4]


def test_a_call_is_waited_for_in_a_slot_that_is_freed_at_its_change(outbound: OutboundHarness) -> None:
    call = outbound.place()
    seen: list[int] = []

    def change() -> None:
        seen.append(held(outbound.table, LONG_POLLS))
        found = outbound.calls.load(call.id)
        assert found is not None
        seen.append(found.sequence)

    outbound.meanwhile = change
    view = outbound.reader.get(ME, call.id, WAIT)
    assert "poll_after_s" not in view
    assert seen == [1, call.sequence]
    assert held(outbound.table, LONG_POLLS) == 0


def test_a_call_is_waited_for_by_any_spelling_of_its_id(outbound: OutboundHarness) -> None:
    call = outbound.place()
    assert outbound.reader.get(ME, call.id.upper(), WAIT)["call_id"] == call.id


def test_a_wait_that_finds_no_slot_is_answered_at_once(outbound: OutboundHarness) -> None:
    call = outbound.place()
    began_ms = outbound.clock.wall_ms()
    with ExitStack() as requests:
        for _ in range(50):
            requests.enter_context(outbound.reader.long_polls.slot(ME.tenant_id, 20))
        view = outbound.reader.get(ME, call.id, WAIT)
    assert MIN_POLL_AFTER_S <= view["poll_after_s"] <= MAX_POLL_AFTER_S
    assert view["call_id"] == call.id
    assert outbound.clock.wall_ms() == began_ms, "it waited all the same"


def test_what_has_changed_already_takes_no_slot(outbound: OutboundHarness) -> None:
    call = outbound.place()
    with ExitStack() as requests:
        for _ in range(50):
            requests.enter_context(outbound.reader.long_polls.slot(ME.tenant_id, 20))
        view = outbound.reader.get(ME, call.id, WaitQuery(wait=20, after=call.sequence - 1))
    assert "poll_after_s" not in view


def test_without_wait_nothing_is_written(outbound: OutboundHarness) -> None:
    call = outbound.place()
    assert "poll_after_s" not in outbound.reader.get(ME, call.id)
    assert held(outbound.table, LONG_POLLS) == 0
