"""A line with calls that cannot be read: a lane run dials the others, and ends."""

from __future__ import annotations

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.stubs import GUARD
from trunkline.calls.states import State
from trunkline.dial_queue.repository import DialQueue
from trunkline.dialer.lane_run import StopReason
from trunkline.storage.keys.calls import call_key
from trunkline.storage.keys.dialing import queue_key
from trunkline.storage.table import Put, Table, Update


@pytest.fixture
def dialer_table(table: Table) -> Table:
    return table


@pytest.mark.parametrize("poisoned", [1, 5, 30])
async def test_unreadable_calls_at_the_head_hold_up_nobody(
    dialer: DialerHarness, table: Table, poisoned: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(1, poisoned + 3):
        dialer.calls.create(make_call(number))
    for number in range(1, poisoned + 1):
        table.write(Update(call_key(make_call(number).id), set={"state": "no such state"}))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert dialer.states(range(poisoned + 1, poisoned + 3)) == [State.ACTIVE] * 2
    counted = [line for line in capsys.readouterr().out.splitlines() if '"kind":"attempt"' in line]
    assert len([line for line in counted if "ItemsFailed" in line]) == poisoned, "each is tried once a run"


UNREADABLE = [
    "tenant-1#00#0#",
    "tenant-1#05#0#x#y",
    "tenant-1#05#0#00000000000000000#c#1",
    "tenant-1#",
    "tenant-1#~",
]


async def test_unreadable_keys_in_the_line_hold_up_nobody(dialer: DialerHarness, table: Table) -> None:
    for number in range(1, 4):
        dialer.calls.create(make_call(number))
    for key in UNREADABLE:
        table.write(Put(queue_key(TRUNK.id, key).as_item()))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert dialer.states(range(1, 4)) == [State.ACTIVE] * 3


def test_unreadable_keys_take_nobodys_place(
    dialer: DialerHarness, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    line = DialQueue(table, GUARD)
    for number in range(1, 4):
        dialer.calls.create(make_call(number))
    for key in UNREADABLE:
        table.write(Put(queue_key(TRUNK.id, key).as_item()))
    for limit in (1, 2, 3, 9):
        wanted = [make_call(number).id for number in range(1, limit + 1)][:3]
        assert [position.call_id for position in line.peek(TRUNK.id, "tenant-1", limit)] == wanted
        assert [position.call_id for position in line.peek_direct(TRUNK.id, "tenant-1", limit)] == wanted
    assert '"kind":"line"' in capsys.readouterr().out, "the reconciler counts them"
