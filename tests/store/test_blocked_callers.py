"""Calls that the carrier blocked, counted by trunk, tenant and caller number."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.store.fixtures_dialer import BUSY, WAKE, DialerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import ManualClock
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.livekit.dial_result import DialAnswer
from trunkline.livekit.sip_statuses import result_of_sip_status
from trunkline.storage.keys.dialing import blocked_calls_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Table
from trunkline.trunks.blocked_callers import DAYS_SHOWN, MAX_CALLERS_SHOWN, BlockedCaller, BlockedCallers

BLOCKED = DialAnswer(result_of_sip_status(603, "Network Blocked"))
SPAM, GOOD = "+15550109001", "+15550109002"


def recent(dialer: DialerHarness, tenant_id: str = "tenant-1") -> list[tuple[str, int]]:
    found = BlockedCallers(dialer.table, dialer.clock).recent(TRUNK.id, tenant_id)
    return [(caller.caller_id, caller.blocked_calls) for caller in found]


async def test_each_blocked_attempt_is_counted_for_its_caller_number(dialer: DialerHarness) -> None:
    dialer.trunks.grant(TRUNK.id, "tenant-2")
    dialer.livekit.answer = lambda call: BUSY if call.caller_id == GOOD else BLOCKED
    again = RedialPolicy(2, ("blocked_by_carrier",), (1,))
    dialer.calls.create(make_call(1, caller_id=SPAM, redial=again))
    dialer.calls.create(make_call(2, caller_id=SPAM))
    dialer.calls.create(make_call(3, caller_id=GOOD))
    dialer.calls.create(make_call(4, caller_id=SPAM, tenant_id="tenant-2"))
    await dialer.run().serve(WAKE)
    dialer.clock.move_s(1.5)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.load(1).reason is Reason.BLOCKED_BY_CARRIER
    assert recent(dialer) == [(SPAM, 3)], "two attempts of one call, and one of another"
    assert recent(dialer, "tenant-2") == [(SPAM, 1)], "a tenant sees its own calls alone"


async def test_a_count_that_cannot_be_written_costs_the_call_nothing(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "UpdateItem")

    monkeypatch.setattr(BlockedCallers, "record", fail)
    dialer.livekit.answer = lambda _: BLOCKED
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert (dialer.load().state, dialer.load().reason) == (State.FAILED, Reason.BLOCKED_BY_CARRIER)


def block(callers: BlockedCallers, times: int = 1, **values: Any) -> None:
    call: Call = make_call(**values)
    for _ in range(times):
        callers.record(call)


def test_the_last_seven_days_are_shown_and_a_month_is_kept(table: Table) -> None:
    clock = ManualClock()
    callers = BlockedCallers(table, clock)
    block(callers, 5, caller_id=SPAM)
    clock.move_s(86_400)
    block(callers, 1, caller_id=SPAM)
    block(callers, 2, caller_id=GOOD)
    last_ms = clock.now_ms
    clock.move_s((DAYS_SHOWN - 2) * 86_400)
    assert callers.recent(TRUNK.id, "tenant-1") == [
        BlockedCaller(SPAM, 6, last_ms),
        BlockedCaller(GOOD, 2, last_ms),
    ]
    clock.move_s(86_400)
    assert [caller.blocked_calls for caller in callers.recent(TRUNK.id, "tenant-1")] == [2, 1]
    clock.move_s(86_400)
    assert callers.recent(TRUNK.id, "tenant-1") == []
    kept = table.partition(blocked_calls_key(TRUNK.id, "tenant-1"))
    assert [item[TTL] - item["last_at_ms"] // 1000 for item in kept] == [31 * 86_400] * 3


def test_an_item_stays_small_and_the_list_is_bounded(table: Table) -> None:
    callers = BlockedCallers(table, ManualClock())
    for number in range(MAX_CALLERS_SHOWN + 5):
        block(callers, caller_id=f"+1555010{number:04d}")
    block(callers, 50, caller_id=SPAM)
    shown = callers.recent(TRUNK.id, "tenant-1")
    assert (len(shown), shown[0].caller_id, shown[0].blocked_calls) == (MAX_CALLERS_SHOWN, SPAM, 50)
