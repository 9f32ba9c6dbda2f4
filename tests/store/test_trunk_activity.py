"""What a trunk does now: starts of each second, what waits and for what, talking, lane and breaker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import UP, WAKE, DialerHarness, make_queue
from tests.support.builders import TRUNK, make_call
from tests.support.stubs import make_notifier
from trunkline.auth.principal import Principal
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.errors import NotFound
from trunkline.dial_queue.trunk_activity import TrunkActivity, TrunkActivityService
from trunkline.dial_queue.trunk_service import TrunkChange, TrunkService
from trunkline.dial_queue.waiting_calls import MAX_DUE_READ, WaitingCallCounter
from trunkline.statistics.repository import StatisticsRepository
from trunkline.storage.keys.dialing import scheduled_key
from trunkline.storage.table import Put
from trunkline.trunks.batch_holds import BatchHold
from trunkline.trunks.blocked_callers import BlockedCallers
from trunkline.trunks.circuit_breaker import TrunkCircuitBreaker
from trunkline.trunks.test_trunk import TestTrunks

MINE, THEIRS = Principal("tenant-1", True, frozenset()), Principal("tenant-2", True, frozenset())


def service(dialer: DialerHarness) -> TrunkActivityService:
    status = make_queue(dialer.table, dialer.clock)
    trunks = TrunkService(
        dialer.trunks,
        TestTrunks(dialer.trunks),
        dialer.lanes,
        dialer.calls,
        status,
        make_notifier(dialer.wakeups, dialer.clock),
        dialer.clock,
        BlockedCallers(dialer.table, dialer.clock),
    )
    waiting = WaitingCallCounter(dialer.table, dialer.line, status, dialer.clock)
    return TrunkActivityService(trunks, waiting, StatisticsRepository(dialer.table), dialer.clock)


def activity(dialer: DialerHarness, principal: Principal = MINE, seconds: int = 60) -> TrunkActivity:
    return service(dialer).get(principal, TRUNK.id, seconds)


def waiting(shown: TrunkActivity) -> dict[str, int]:
    return {each["queue_state"]: each["calls"] for each in shown["waiting_for"]}


def wait_for(dialer: DialerHarness, number: int, cause: WaitsFor, in_s: int, **more: Any) -> None:
    at_ms = dialer.clock.wall_ms() + in_s * 1000
    dialer.calls.create(make_call(number, due_ms=at_ms, waits_for=cause, **more))


async def test_starts_are_shown_by_the_second_to_their_own_tenant_alone(dialer: DialerHarness) -> None:
    dialer.trunks.grant(TRUNK.id, "tenant-2")
    dialer.livekit.answer = lambda _: UP
    for number in range(3):
        dialer.calls.create(make_call(number))
    dialer.calls.create(make_call(3, tenant_id="tenant-2"))
    await dialer.run().serve(WAKE)
    dialer.clock.move_s(3)
    mine, theirs = activity(dialer), activity(dialer, THEIRS)
    assert (sum(mine["starts"]), sum(theirs["starts"])) == (3, 1)
    assert max(mine["starts"]) <= TRUNK.cps
    assert (len(mine["starts"]), len(activity(dialer, seconds=5)["starts"])) == (60, 5)
    assert (mine["talking"], mine["dialing"], theirs["talking"]) == (3, 0, 1)


async def test_waiting_calls_are_counted_by_what_they_wait_for(dialer: DialerHarness) -> None:
    dialer.trunks.grant(TRUNK.id, "tenant-2")
    dialer.calls.create(make_call(0))
    dialer.calls.create(make_call(1))
    dialer.calls.create(make_call(2, tenant_id="tenant-2"))
    wait_for(dialer, 3, WaitsFor.RETRY, 60)
    wait_for(dialer, 4, WaitsFor.WINDOW, 90)
    wait_for(dialer, 5, WaitsFor.WINDOW, 70)
    wait_for(dialer, 6, WaitsFor.ZONE, 80)
    wait_for(dialer, 7, WaitsFor.RETRY, 10, tenant_id="tenant-2")
    shown = activity(dialer)
    assert waiting(shown) == {"in_line": 2, "waiting_for_retry": 1, "outside_window": 2, "unknown_zone": 1}
    times = {each["queue_state"]: each["next_at"] for each in shown["waiting_for"]}
    assert times["unknown_zone"] is None
    assert times["outside_window"] is not None
    assert all(each["text"] and not each["is_minimum"] for each in shown["waiting_for"])
    assert waiting(activity(dialer, THEIRS)) == {"in_line": 1, "waiting_for_retry": 1}


async def test_more_waiting_calls_than_are_read_are_said_to_be_more(dialer: DialerHarness) -> None:
    for number in range(MAX_DUE_READ + 1):
        key = scheduled_key(TRUNK.id, 1_000 + number, f"call-{number}")
        values = {"call_id": f"call-{number}", "tenant_id": "tenant-1", "waits_for": "outside_window"}
        dialer.table.write(Put(key.as_item() | values))
    (window,) = activity(dialer)["waiting_for"]
    assert (window["calls"], window["is_minimum"]) == (MAX_DUE_READ, True)


async def test_a_paused_trunk_and_a_paused_batch_hold_their_calls(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call(0))
    batch_call = make_call(1, batch=True)
    dialer.calls.create(batch_call)
    arrived_us = int(batch_call.queue_position.split("#")[3])
    state = dialer.trunks.state(TRUNK.id)
    assert state
    hold = BatchHold("tenant-1", "bat_1", arrived_us, arrived_us)
    found = service(dialer).waiting.by_cause(replace(state, holds=(hold,)), "tenant-1", in_line=2)
    assert {each.queue_state: each.calls for each in found} == {"batch_paused": 1, "in_line": 1}
    service(dialer).trunks.change(MINE, TRUNK.id, TrunkChange(paused=True))
    assert waiting(activity(dialer)) == {"trunk_paused": 2}


async def test_the_lane_and_the_breaker_are_shown(dialer: DialerHarness) -> None:
    idle = activity(dialer)
    assert (idle["lane"], idle["breaker"]["state"]) == ("idle", "closed")
    lane = dialer.lanes.take(TRUNK.id, "run-1")
    assert lane
    dialer.lanes.reserve(lane, 0, 0.5)
    assert (activity(dialer)["lane"], activity(dialer)["pace_factor"]) == ("running", 0.5)
    dialer.lanes.renew(lane, "carrier")
    assert (activity(dialer)["lane"], activity(dialer)["slowed_by"]) == ("backing_off", "carrier")
    now_ms = dialer.clock.wall_ms()
    dialer.trunks.open_breaker(TRUNK.id, TrunkCircuitBreaker.opened("carrier_failing: SIP 503", now_ms, None))
    assert activity(dialer)["breaker"]["state"] == "open"
    dialer.clock.move_s(31)
    assert activity(dialer)["breaker"]["state"] == "half_open"


async def test_another_tenants_trunk_is_none(dialer: DialerHarness) -> None:
    for stranger in (THEIRS, replace(MINE, livemode=False)):
        with pytest.raises(NotFound):
            activity(dialer, stranger)
