"""Where a call stands: exact for short lines, near for long ones, and cheap for both."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.fixtures_dialer import WAKE, DialerHarness, make_queue
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import RecordedWakeups, make_notifier
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.calls.queue_status import QueueStatus
from trunkline.calls.repository import CallRepository
from trunkline.calls.transitions import claim_call, defer, request_cancel
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.errors import InvalidRequest, NotFound, TrunkShared
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import validated
from trunkline.dial_queue import status as queue_module
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints, QueueStatusReader, checkpoints_between
from trunkline.dial_queue.trunk_service import TrunkChange, TrunkService
from trunkline.storage.keys.tenants import audit_key
from trunkline.storage.table import Table
from trunkline.trunks.blocked_callers import BlockedCallers
from trunkline.trunks.circuit_breaker import TrunkCircuitBreaker
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks

ME = Principal("tenant-1", True, frozenset(Scope))
OTHER = Principal("tenant-2", True, frozenset(Scope))


class QueueHarness:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.clock = ManualClock()
        self.calls = CallRepository(table)
        self.trunks = TrunkRepository(table)
        self.trunks.create(TRUNK)
        self.trunks.grant(TRUNK.id, "tenant-1")
        self.lanes = LaneLeaseRepository(table, self.clock)
        self.queue: QueueStatusReader = make_queue(table, self.clock)
        self.wakes = RecordedWakeups()
        self.service = TrunkService(
            self.trunks,
            TestTrunks(self.trunks),
            self.lanes,
            self.calls,
            self.queue,
            make_notifier(self.wakes, self.clock),
            self.clock,
            BlockedCallers(table, self.clock),
        )

    def accept(self, *numbers: int, **changes: Any) -> None:
        for number in numbers:
            self.calls.create(make_call(number, **changes))

    def status(self, number: int) -> QueueStatus | None:
        call = self.calls.load(make_call(number).id)
        assert call is not None
        return self.queue.status(call)

    def position(self, number: int) -> int | None:
        standing = self.status(number)
        assert standing is not None
        return standing.position


@pytest.fixture
def harness(table: Table) -> QueueHarness:
    return QueueHarness(table)


def test_positions_are_the_order_of_dialling(harness: QueueHarness) -> None:
    harness.accept(1, 2, priority=5)
    harness.accept(3, priority=0)
    harness.accept(4, priority=5, batch=True)
    harness.accept(5, priority=10)
    assert [harness.position(number) for number in (3, 1, 2, 4, 5)] == [1, 2, 3, 4, 5]
    harness.calls.apply(make_call(1), request_cancel(make_call(1), NOW_MS), NOW_MS)  # type: ignore[arg-type]
    assert harness.position(2) == 2


def test_the_estimate_is_the_position_at_todays_pace(harness: QueueHarness) -> None:
    harness.accept(*range(1, 11))
    standing = harness.status(10)
    assert standing is not None
    assert standing == QueueStatus("in_line", 10, NOW_MS + 2060)
    lane = harness.lanes.take(TRUNK.id, "run")
    assert lane is not None
    harness.lanes.release(lane, 0, 0.5)
    assert harness.status(10) == QueueStatus("in_line", 10, NOW_MS + 4120)


@pytest.mark.memory_table
def test_tenants_on_one_trunk_take_turns_in_the_position_too(harness: QueueHarness) -> None:
    harness.trunks.grant(TRUNK.id, "tenant-2")
    harness.accept(*range(1, 41))
    harness.accept(41, 42, tenant_id="tenant-2")
    harness.accept(43, tenant_id="tenant-2", priority=0)
    assert harness.position(41) == 2 + 1, "its own urgent one, itself, and one turn of the other"
    assert harness.position(1) == 2 + 1


@pytest.mark.memory_table
def test_a_long_queue_is_counted_with_the_help_of_checkpoints(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "MAX_EXACT_COUNT", 20)
    monkeypatch.setattr(queue_module, "CHECKPOINT_STEP", 5)
    harness.accept(*range(1, 101))
    assert harness.position(90) == 20, "at least: nobody has counted yet"
    assert QueueCheckpoints(harness.table, DialQueue(harness.table)).update(TRUNK.id, "tenant-1") == 100
    assert [harness.position(number) for number in (1, 19, 20, 21, 57, 100)] == [1, 19, 20, 21, 57, 100]
    assert harness.queue.waiting(TRUNK.id, "tenant-1") == 100
    for number in range(1, 31):
        harness.calls.apply(make_call(number), claim_call(make_call(number), "run", "r"), NOW_MS)
    assert harness.position(57) == 27
    for number in range(40, 43):
        harness.calls.apply(make_call(number), request_cancel(make_call(number), NOW_MS), NOW_MS)  # type: ignore[arg-type]
    assert 24 <= (harness.position(57) or 0) <= 27, "those who left since the checkpoints are still counted"
    QueueCheckpoints(harness.table, DialQueue(harness.table)).update(TRUNK.id, "tenant-1")
    assert harness.position(57) == 24


@pytest.mark.memory_table
def test_the_cost_does_not_grow_with_the_line(harness: QueueHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "MAX_EXACT_COUNT", 10)
    monkeypatch.setattr(queue_module, "CHECKPOINT_STEP", 5)
    assert isinstance(harness.table, MemoryTable)
    costs = []
    for length in (40, 200):
        harness.accept(*range(length // 5, length))
        QueueCheckpoints(harness.table, DialQueue(harness.table)).update(TRUNK.id, "tenant-1")
        read_before = harness.table.items_read
        harness.position(length - 1)
        costs.append(harness.table.items_read - read_before)
    assert costs[1] <= costs[0] + 10
    assert costs[1] < 60


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_checkpoints_between_two_places_are_counted_right(length: int, head: int, key: int) -> None:
    keys = [f"{number:03d}" for number in range(length)]
    marks = keys[:: queue_module.CHECKPOINT_STEP]
    span = checkpoints_between(marks, f"{head:03d}", f"{key:03d}")
    if span is None:
        assert not [mark for mark in marks if f"{head:03d}" <= mark <= f"{key:03d}"]
        return
    assert f"{head:03d}" <= span[0] <= span[1] <= f"{key:03d}"
    assert int(span[1]) - int(span[0]) == span[2]


def test_what_a_call_waits_for_is_said(harness: QueueHarness) -> None:
    harness.accept(1, 2, 3)
    harness.calls.apply(make_call(1), defer(make_call(1), NOW_MS + 9, WaitsFor.WINDOW), NOW_MS)
    harness.calls.apply(make_call(2), claim_call(make_call(2), "run", "r", {TRUNK.id: 1}), NOW_MS)
    assert harness.status(1) == QueueStatus("outside_window", None, NOW_MS + 9)
    assert harness.status(2) == QueueStatus("preparing")
    harness.trunks.save(replace(TRUNK, max_concurrent_calls=1))
    assert harness.status(3) == QueueStatus("at_capacity", 1)
    harness.trunks.set(TRUNK.id, {"paused": True}, None)
    assert harness.status(3) == QueueStatus("trunk_paused", 1)


def test_a_trunk_shows_its_state_pace_and_the_tenants_own_calls(harness: QueueHarness) -> None:
    harness.trunks.grant(TRUNK.id, "tenant-2", max_concurrent_calls=4)
    harness.accept(1, 2, 3)
    harness.accept(4, tenant_id="tenant-2")
    harness.calls.apply(make_call(1), claim_call(make_call(1), "run", "r"), NOW_MS)
    mine, theirs = (harness.service.get(who, TRUNK.id) for who in (ME, OTHER))
    assert (mine["waiting"], mine["in_progress"], mine["state"]) == (2, 1, "idle")
    assert (theirs["waiting"], theirs["in_progress"]) == (1, 0)
    assert (mine["cps"], mine["pace"], mine["shared"]) == (5, 5, True)
    assert (mine["tenant_max_concurrent_calls"], theirs["tenant_max_concurrent_calls"]) == (None, 4)
    assert [trunk["id"] for trunk in harness.service.list(ME)["data"]] == [TRUNK.id]
    harness.lanes.take(TRUNK.id, "run")
    assert harness.service.get(ME, TRUNK.id)["state"] == "dialing"


def test_a_sole_tenant_pauses_resumes_and_bounds_its_trunk(harness: QueueHarness) -> None:
    paused = harness.service.change(ME, TRUNK.id, TrunkChange(paused=True))
    assert (paused["state"], paused["paused_reason"], paused["pace"]) == ("paused", "paused_by_request", 0)
    harness.clock.move_s(1)
    harness.service.change(ME, TRUNK.id, TrunkChange(cps=2, max_concurrent_calls=7))
    resumed = harness.service.change(ME, TRUNK.id, TrunkChange(paused=False))
    assert (resumed["cps"], resumed["cps_budget"], resumed["max_concurrent_calls"]) == (2, 5, 7)
    assert [event["type"] for event in resumed["events"]] == ["trunk.resumed", "trunk.paused"]
    assert len(harness.wakes.sent) == 3
    back = harness.service.change(ME, TRUNK.id, validated(TrunkChange, {"cps": None}))
    assert (back["cps"], back["max_concurrent_calls"]) == (5, 7)


def test_a_breakers_pause_is_shown_with_its_end(harness: QueueHarness) -> None:
    harness.trunks.open_breaker(
        TRUNK.id, TrunkCircuitBreaker.opened("carrier_failing: SIP 503", NOW_MS, None)
    )
    view = harness.service.get(ME, TRUNK.id)
    assert (view["state"], view["paused_reason"]) == ("paused", "carrier_failing: SIP 503")
    assert view["paused_until"] == "2023-11-14T22:13:50.000Z"


def test_what_a_tenant_may_not_change(harness: QueueHarness) -> None:
    for change in (TrunkChange(cps=6), TrunkChange()):
        with pytest.raises(InvalidRequest):
            harness.service.change(ME, TRUNK.id, change)
    faults: list[dict[str, Any]] = [
        {"cps": 1.5},
        {"cps": "2"},
        {"paused": None},
        {"paused": 1},
        {"numbers": []},
    ]
    for bad in faults:
        with pytest.raises(InvalidRequest):
            validated(TrunkChange, bad)
    for who, trunk_id in ((OTHER, TRUNK.id), (ME, "trunk_x")):
        with pytest.raises(NotFound):
            harness.service.get(who, trunk_id)
    harness.trunks.grant(TRUNK.id, "tenant-2")
    with pytest.raises(TrunkShared):
        harness.service.change(ME, TRUNK.id, TrunkChange(paused=True))


@pytest.mark.parametrize("asked_after_s", [0, 3])
async def test_the_estimate_is_near_the_actual_start(dialer: DialerHarness, asked_after_s: float) -> None:
    """The bound of docs/queue.md: two seconds, or a fifth of the wait."""
    numbers = range(1, 61)
    for number in numbers:
        dialer.calls.create(make_call(number))
    status = make_queue(dialer.table, dialer.clock)
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(asked_after_s)
    asked_ms = dialer.clock.wall_ms()
    found = {number: status.status(dialer.load(number)) for number in numbers}
    estimates = {
        number: at.estimated_start_ms for number, at in found.items() if at and at.estimated_start_ms
    }
    await run
    zero_ms = dialer.clock.wall_ms() - asyncio.get_running_loop().time() * 1000
    started_ms = {call.id: zero_ms + at_s * 1000 for at_s, call in dialer.livekit.invites}
    assert len(estimates) >= 60 - 5 * (asked_after_s + 1)
    for number, estimate_ms in estimates.items():
        wait_ms = started_ms[make_call(number).id] - asked_ms
        assert abs(estimate_ms - asked_ms - wait_ms) <= max(2_000, wait_ms / 5), f"call {number}"


def test_the_audit_log_names_what_a_request_changed_of_a_trunk(harness: QueueHarness) -> None:
    def entries() -> list[list[str]]:
        items = harness.table.partition(audit_key("tenant-1"))
        return [item["changed"] for item in items if item["action"] == "trunk.changed"]

    harness.service.change(ME, TRUNK.id, TrunkChange(cps=2, max_concurrent_calls=3))
    assert entries() == [["cps", "max_concurrent_calls"]]
    harness.clock.move_s(1)
    harness.service.change(ME, TRUNK.id, TrunkChange(cps=2, max_concurrent_calls=4))
    assert entries()[1:] == [["max_concurrent_calls"]]
    harness.service.change(ME, TRUNK.id, TrunkChange(cps=2, paused=False))
    assert len(entries()) == 2, "nothing was changed"
    harness.trunks.open_breaker(TRUNK.id, TrunkCircuitBreaker("trunk_failing", NOW_MS, NOW_MS + 60_000, 1))
    harness.clock.move_s(1)
    harness.service.change(ME, TRUNK.id, TrunkChange(paused=False))
    assert entries()[2:] == [["paused"]], "a resume closes the circuit breaker"


def test_a_trunk_shows_the_callers_own_blocked_numbers(harness: QueueHarness) -> None:
    harness.trunks.grant(TRUNK.id, "tenant-2")
    for tenant_id in ("tenant-1", "tenant-1", "tenant-2"):
        harness.service.blocked_callers.record(make_call(tenant_id=tenant_id))
    blocked = {"caller_id": make_call().caller_id, "last_blocked_at": iso_from_ms(NOW_MS)}
    assert harness.service.get(ME, TRUNK.id)["blocked_callers"] == [blocked | {"blocked_calls": 2}]
    assert harness.service.get(OTHER, TRUNK.id)["blocked_callers"] == [blocked | {"blocked_calls": 1}]
