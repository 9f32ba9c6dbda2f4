"""A line with calls that cannot be read: a lane run dials the others, and ends."""

from __future__ import annotations

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.support.builders import make_call
from trunkline.calls.states import State
from trunkline.dialer.lane_run import StopReason
from trunkline.storage.keys.calls import call_key
from trunkline.storage.table import Table, Update


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
