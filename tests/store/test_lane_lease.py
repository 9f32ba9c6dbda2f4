"""The lane: one holder, a fence against zombies, and a clock that survives hand-overs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clocks import ManualClock
from trunkline.dial_queue.lease import (
    HEARTBEAT_S,
    LEASE_MS,
    MAX_CLOCK_SKEW_MS,
    WATCHDOG_DELAY_S,
    LaneLeaseRepository,
    LaneLost,
)
from trunkline.storage.table import Table

LANE = "trunk_1"


def test_a_lane_has_one_holder_until_it_is_released(table: Table) -> None:
    lanes = LaneLeaseRepository(table, ManualClock())
    first = lanes.take(LANE, "run-1")
    assert first is not None
    assert lanes.take(LANE, "run-2") is None
    assert lanes.is_held(LANE)
    lanes.release(first, time_left_us=70_000)
    assert not lanes.is_held(LANE)
    second = lanes.take(LANE, "run-2")
    assert second is not None
    assert second.fence == first.fence + 1
    assert second.time_left_us == 70_000


def test_a_repeated_take_by_the_sdk_finds_itself(table: Table) -> None:
    lanes = LaneLeaseRepository(table, ManualClock())
    first = lanes.take(LANE, "run-1")
    assert lanes.take(LANE, "run-1") == first


def test_a_lane_is_taken_over_only_when_its_lease_is_over_on_every_clock(table: Table) -> None:
    clock = ManualClock()
    lanes = LaneLeaseRepository(table, clock)
    lanes.take(LANE, "run-1")
    clock.now_ms += LEASE_MS + MAX_CLOCK_SKEW_MS
    assert lanes.take(LANE, "run-2") is None
    clock.now_ms += 1
    assert lanes.take(LANE, "run-2") is not None


@given(st.integers(0, 20_000), st.integers(0, 1_500))
def test_a_watchdog_finds_the_lane_of_a_dead_run_within_ten_seconds(
    died_ms: int, writes_take_ms: int
) -> None:
    """Whenever the run dies, a wake that it has sent arrives when its lease is over on every clock."""
    sent_at = range(0, died_ms + 1, HEARTBEAT_S * 1000 + writes_take_ms // 3)
    lease_end_ms = died_ms + LEASE_MS + MAX_CLOCK_SKEW_MS
    arrivals = [sent_ms + WATCHDOG_DELAY_S * 1000 for sent_ms in sent_at]
    in_time = [moment_ms for moment_ms in arrivals if lease_end_ms <= moment_ms < died_ms + 7_000]
    assert in_time, "three seconds are left to start a dialer and join an agent"


def test_a_watchdog_leaves_a_free_lane_and_a_live_run_alone(table: Table) -> None:
    clock = ManualClock()
    lanes = LaneLeaseRepository(table, clock)
    assert lanes.take_over(LANE, "run-2") is None
    first = lanes.take(LANE, "run-1")
    assert first is not None
    assert first.dead_run_id is None
    clock.now_ms += LEASE_MS + MAX_CLOCK_SKEW_MS
    assert lanes.take_over(LANE, "run-2") is None
    clock.now_ms += 1
    second = lanes.take_over(LANE, "run-2")
    assert second is not None
    assert (second.dead_run_id, second.fence) == ("run-1", first.fence + 1)
    lanes.release(second, 0)
    assert lanes.take_over(LANE, "run-3") is None


def test_a_lane_is_orphaned_from_the_end_of_a_dead_runs_lease_until_it_is_taken(table: Table) -> None:
    clock = ManualClock()
    lanes = LaneLeaseRepository(table, clock)
    assert not lanes.is_orphaned(LANE)
    assert lanes.take(LANE, "run-1") is not None
    clock.now_ms += LEASE_MS + MAX_CLOCK_SKEW_MS
    assert not lanes.is_orphaned(LANE)
    clock.now_ms += 1
    assert lanes.is_orphaned(LANE)
    second = lanes.take_over(LANE, "run-2")
    assert second is not None
    assert not lanes.is_orphaned(LANE)
    lanes.release(second, 0)
    assert not lanes.is_orphaned(LANE)


def test_a_zombie_can_neither_reserve_nor_release(table: Table) -> None:
    clock = ManualClock()
    lanes = LaneLeaseRepository(table, clock)
    zombie = lanes.take(LANE, "run-1")
    assert zombie is not None
    clock.now_ms += LEASE_MS + MAX_CLOCK_SKEW_MS + 1
    successor = lanes.take(LANE, "run-2")
    assert successor is not None
    with pytest.raises(LaneLost):
        lanes.reserve(zombie, 5, 1.0)
    lanes.release(zombie, time_left_us=0)
    assert lanes.is_held(LANE)
    lanes.reserve(successor, 9, 1.0)


def test_what_a_crashed_holder_reserved_binds_its_successor(table: Table) -> None:
    clock = ManualClock()
    lanes = LaneLeaseRepository(table, clock)
    crashed = lanes.take(LANE, "run-1")
    assert crashed is not None
    lanes.reserve(crashed, 10_300_000, 0.25)
    clock.now_ms += LEASE_MS + MAX_CLOCK_SKEW_MS + 1
    successor = lanes.take(LANE, "run-2")
    assert successor is not None
    assert (successor.time_left_us, successor.pace_factor) == (10_300_000, 0.25)


def test_a_run_that_releases_with_unconfirmed_starts_tells_the_next_until_it_releases(table: Table) -> None:
    lanes = LaneLeaseRepository(table, ManualClock())
    first = lanes.take(LANE, "run-1")
    assert first is not None
    lanes.release(first, 0, has_unconfirmed=True)
    again = lanes.take(LANE, "run-1")
    assert again is not None
    assert not again.inherits, "it counts its own starts already"
    lanes.release(again, 0, has_unconfirmed=True)
    second = lanes.take(LANE, "run-2")
    assert second is not None
    assert second.inherits
    lanes.release(second, 0)
    third = lanes.take(LANE, "run-3")
    assert third is not None
    assert not third.inherits


def test_a_runs_own_lease_tells_whether_its_attempts_are_alive(table: Table) -> None:
    clock = ManualClock()
    lanes = LaneLeaseRepository(table, clock)
    assert not lanes.run_is_alive("run-1")
    lanes.renew_run("run-1")
    assert lanes.run_is_alive("run-1")
    clock.move_s(60)
    assert not lanes.run_is_alive("run-1")
    lanes.renew_run("run-1")
    lanes.end_run("run-1")
    assert not lanes.run_is_alive("run-1")
