"""A run that died is found by its watchdog, which dials what the run had prepared."""

from __future__ import annotations

import asyncio

import pytest

from tests.store.fixtures_dialer import QUICK, WAKE, DialerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.states import State
from trunkline.calls.transitions import claim_call
from trunkline.dial_queue.lease import LEASE_MS, MAX_CLOCK_SKEW_MS, WATCHDOG_DELAY_S, HeldLane
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.context import DialerContext
from trunkline.dialer.lane_run import StopReason
from trunkline.dialer.orphaned_claims import InheritedCalls, inherit_calls

WATCHDOG = DialWakeup(TRUNK.id, watchdog=True)


async def test_a_watchdog_is_always_under_way_while_a_run_holds_the_lane(dialer: DialerHarness) -> None:
    dialer.livekit.answer_after_s = 1.0
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert set(dialer.wakeups.watchdog_delays_s) == {WATCHDOG_DELAY_S}
    assert len(dialer.wakeups.watchdog_delays_s) >= int(1.0 / QUICK.heartbeat_s)
    assert dialer.wakeups.sent == []


async def test_a_watchdog_dials_what_a_dead_run_had_prepared_and_what_waits(dialer: DialerHarness) -> None:
    for number in (1, 2):
        dialer.calls.create(make_call(number))
    dead = dialer.lanes.take(TRUNK.id, "dead-run")
    assert dead is not None
    first = dialer.load(1)
    dialer.calls.apply(first, claim_call(first, "dead-run", f"call-{first.id}"), NOW_MS)
    assert await dialer.run().serve(WATCHDOG) is None, "its lease is not over"
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)
    assert await dialer.run().serve(WATCHDOG) is StopReason.EMPTY
    assert dialer.states(range(1, 3)) == [State.ACTIVE] * 2
    assert dialer.load(1).claim == 2
    assert dialer.livekit.deleted_rooms == [f"call-{first.id}"]
    assert len(dialer.livekit.invites) == 2


async def test_a_watchdog_dials_what_a_dead_run_had_prepared_though_nothing_waits(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow_query(context: DialerContext, lane: HeldLane) -> InheritedCalls:
        await asyncio.sleep(0.2)
        return await inherit_calls(context, lane)

    monkeypatch.setattr("trunkline.dialer.lane_run.inherit_calls", slow_query)
    dialer.calls.create(make_call(1))
    assert dialer.lanes.take(TRUNK.id, "dead-run") is not None
    first = dialer.load(1)
    dialer.calls.apply(first, claim_call(first, "dead-run", f"call-{first.id}"), NOW_MS)
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)
    assert await dialer.run().serve(WATCHDOG) is StopReason.EMPTY
    assert (dialer.load(1).state, len(dialer.livekit.invites)) == (State.ACTIVE, 1)


async def test_a_watchdog_does_nothing_on_a_free_lane(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    assert await dialer.run().serve(WATCHDOG) is None
    assert dialer.livekit.invites == []
