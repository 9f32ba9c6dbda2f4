"""Batches that are held back: their calls stay in the line and are not dialled."""

from __future__ import annotations

from dataclasses import asdict

from tests.builders import NOW_MS, TRUNK, a_call
from tests.store.conftest import Bench, a_queue
from trunkline.calls.states import State
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import Stop
from trunkline.storage.keys.dialing import batch_hold_key
from trunkline.storage.table import Delete, Put
from trunkline.trunks.batch_holds import BatchHold

WAKE = DialWakeup(TRUNK.id)
FIRST_US = NOW_MS * 1000


def hold(bench: Bench, first: int, last: int, until_ms: int | None = None, batch_id: str = "bat_1") -> None:
    """Hold the calls with these numbers."""
    made = BatchHold("tenant-1", batch_id, FIRST_US + first, FIRST_US + last, until_ms)
    bench.table.write(Put(batch_hold_key(TRUNK.id, "tenant-1", batch_id).as_item() | asdict(made)))


def states(bench: Bench, numbers: range) -> set[State]:
    return {call.state for n in numbers if (call := bench.calls.load(a_call(n).id))}


async def test_a_held_batch_is_stepped_over_and_what_stands_behind_it_is_dialled(bench: Bench) -> None:
    hold(bench, 1, 30)
    for number in range(1, 31):
        bench.calls.accept(a_call(number, batch=True, priority=7))
    bench.calls.accept(a_call(31, priority=7))
    bench.calls.accept(a_call(32, batch=True, priority=7))
    bench.calls.accept(a_call(33, priority=9))
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 31)) == {State.QUEUED}
    assert states(bench, range(31, 34)) == {State.ACTIVE}
    bench.table.write(Delete(batch_hold_key(TRUNK.id, "tenant-1", "bat_1")))
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 31)) == {State.ACTIVE}


async def test_a_hold_ends_at_its_moment(bench: Bench) -> None:
    bench.calls.accept(a_call(1, batch=True))
    hold(bench, 1, 1, until_ms=bench.clock.wall_ms() + 60_000)
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 2)) == {State.QUEUED}
    hold(bench, 1, 1, until_ms=bench.clock.wall_ms() - 1)
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 2)) == {State.ACTIVE}


async def test_a_hold_is_one_tenants(bench: Bench) -> None:
    bench.trunks.grant(TRUNK.id, "tenant-2")
    hold(bench, 1, 5)
    for number in range(1, 6):
        bench.calls.accept(a_call(number, batch=True, tenant_id="tenant-2"))
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 6)) == {State.ACTIVE}


async def test_two_holds_one_after_the_other(bench: Bench) -> None:
    hold(bench, 1, 3, batch_id="bat_1")
    hold(bench, 4, 6, batch_id="bat_2")
    for number in range(1, 10):
        bench.calls.accept(a_call(number, batch=True))
    assert await bench.run().serve(WAKE) is Stop.EMPTY
    assert states(bench, range(1, 7)) == {State.QUEUED}
    assert states(bench, range(7, 10)) == {State.ACTIVE}


async def test_a_call_says_that_its_batch_is_held(bench: Bench) -> None:
    queue = a_queue(bench.table, bench.clock)
    call = a_call(1, batch=True)
    bench.calls.accept(call)
    hold(bench, 1, 1)
    standing = queue.standing(call)
    assert standing is not None
    assert (standing.state, standing.position, standing.estimated_start_ms) == ("batch_paused", None, None)
    until_ms = bench.clock.wall_ms() + 60_000
    hold(bench, 1, 1, until_ms)
    standing = queue.standing(call)
    assert standing is not None
    assert (standing.state, standing.estimated_start_ms) == ("batch_not_started", until_ms)
