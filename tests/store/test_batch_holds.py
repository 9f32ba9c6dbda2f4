"""Batches that are held back: their calls stay in the line and are not dialled."""

from __future__ import annotations

from dataclasses import asdict

from tests.store.fixtures_dialer import WAKE, DialerHarness, make_queue
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.states import State
from trunkline.dialer.lane_run import StopReason
from trunkline.storage.keys.dialing import batch_hold_key
from trunkline.storage.table import Delete, Put
from trunkline.trunks.batch_holds import BatchHold

FIRST_US = NOW_MS * 1000


def hold(
    dialer: DialerHarness, first: int, last: int, until_ms: int | None = None, batch_id: str = "bat_1"
) -> None:
    """Hold the calls with these numbers."""
    made = BatchHold("tenant-1", batch_id, FIRST_US + first, FIRST_US + last, until_ms)
    dialer.table.write(Put(batch_hold_key(TRUNK.id, "tenant-1", batch_id).as_item() | asdict(made)))


def states(dialer: DialerHarness, numbers: range) -> set[State]:
    return {call.state for n in numbers if (call := dialer.calls.load(make_call(n).id))}


async def test_a_held_batch_is_stepped_over_and_what_stands_behind_it_is_dialled(
    dialer: DialerHarness,
) -> None:
    hold(dialer, 1, 30)
    for number in range(1, 31):
        dialer.calls.create(make_call(number, batch=True, priority=7))
    dialer.calls.create(make_call(31, priority=7))
    dialer.calls.create(make_call(32, batch=True, priority=7))
    dialer.calls.create(make_call(33, priority=9))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert states(dialer, range(1, 31)) == {State.QUEUED}
    assert states(dialer, range(31, 34)) == {State.ACTIVE}
    dialer.table.write(Delete(batch_hold_key(TRUNK.id, "tenant-1", "bat_1")))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert states(dialer, range(1, 31)) == {State.ACTIVE}


async def test_a_hold_ends_at_its_moment(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call(1, batch=True))
    hold(dialer, 1, 1, until_ms=dialer.clock.wall_ms() + 60_000)
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert states(dialer, range(1, 2)) == {State.QUEUED}
    hold(dialer, 1, 1, until_ms=dialer.clock.wall_ms() - 1)
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert states(dialer, range(1, 2)) == {State.ACTIVE}


async def test_a_hold_is_one_tenants(dialer: DialerHarness) -> None:
    dialer.trunks.grant(TRUNK.id, "tenant-2")
    hold(dialer, 1, 5)
    for number in range(1, 6):
        dialer.calls.create(make_call(number, batch=True, tenant_id="tenant-2"))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert states(dialer, range(1, 6)) == {State.ACTIVE}


async def test_two_holds_one_after_the_other(dialer: DialerHarness) -> None:
    hold(dialer, 1, 3, batch_id="bat_1")
    hold(dialer, 4, 6, batch_id="bat_2")
    for number in range(1, 10):
        dialer.calls.create(make_call(number, batch=True))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert states(dialer, range(1, 7)) == {State.QUEUED}
    assert states(dialer, range(7, 10)) == {State.ACTIVE}


async def test_a_call_says_that_its_batch_is_held(dialer: DialerHarness) -> None:
    queue = make_queue(dialer.table, dialer.clock)
    call = make_call(1, batch=True)
    dialer.calls.create(call)
    hold(dialer, 1, 1)
    standing = queue.status(call)
    assert standing is not None
    assert (standing.state, standing.position, standing.estimated_start_ms) == ("batch_paused", None, None)
    until_ms = dialer.clock.wall_ms() + 60_000
    hold(dialer, 1, 1, until_ms)
    standing = queue.status(call)
    assert standing is not None
    assert (standing.state, standing.estimated_start_ms) == ("batch_not_started", until_ms)
