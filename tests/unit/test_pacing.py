"""The pacing clock: never above cps in any sliding second, whatever the arrivals and hand-overs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.dial_queue.pacing import (
    MAX_LATE_US,
    BackoffFactor,
    PacingClock,
    StartLead,
    preparing_bound,
    preparing_target,
    ready_bound,
    reservation_size,
    spacing_us,
)
from trunkline.dial_queue.start_history import StartHistory

CPS = st.one_of(st.integers(1, 100), st.floats(0.1, 0.99))
SECOND_US = 1_000_000
WITHIN_GUARD_US = 20_000
"""As late as all starts may be without a log of them."""


def busiest_second(starts: list[int]) -> int:
    return max(sum(1 for other in starts if start <= other < start + SECOND_US) for start in starts)


@given(CPS, st.lists(st.integers(0, 300_000), min_size=1, max_size=40), st.data())
def test_no_sliding_second_holds_more_than_cps_with_lateness_and_handovers(
    cps: float, gaps: list[int], data: st.DataObject
) -> None:
    clock, now, starts = PacingClock(0), 0, []
    for gap in gaps:
        now += gap
        count = data.draw(st.integers(1, reservation_size(spacing_us(cps))))
        slots, clock = clock.reserve(now, 10_000, spacing_us(cps), count)
        used = data.draw(st.lists(st.sampled_from(slots), unique=True))
        starts += [slot + data.draw(st.integers(0, WITHIN_GUARD_US)) for slot in used]
        if data.draw(st.booleans()):
            written_at = now
            taken_at = written_at + data.draw(st.integers(0, 500_000))
            clock = PacingClock.resume(clock.time_left_us(written_at), taken_at)
            now = taken_at
    assert not starts or busiest_second(starts) <= max(1, cps)


@given(CPS)
def test_a_busy_line_uses_at_least_96_percent_of_the_budget(cps: float) -> None:
    clock = PacingClock(0)
    slots = []
    for _ in range(200):
        more, clock = clock.reserve(clock.next_start_us - 50_000, 10_000, spacing_us(cps))
        slots += more
    rate = (len(slots) - 1) / ((slots[-1] - slots[0]) / SECOND_US)
    assert 0.96 * cps <= rate <= cps


JITTER = st.tuples(st.integers(0, MAX_LATE_US), st.integers(0, 25_000), st.integers(0, 20))


@given(CPS, st.lists(JITTER, min_size=1, max_size=150))
def test_late_starts_a_jittery_wire_and_handovers_keep_the_budget(
    cps: float, jitter: list[tuple[int, int, int]]
) -> None:
    """A late start is not made up for by its run, nor by the run after it, which knows no starts."""
    clock, log, now, wire = PacingClock(0), StartHistory(), 0, []
    for late_us, way_us, handover in jitter:
        [slot], clock = clock.reserve(now, 0, spacing_us(cps))
        start = max(slot + late_us, log.not_before_us(slot + late_us, cps))
        if start <= slot + MAX_LATE_US:
            log.confirm(log.add(start), start)
            wire.append(start + way_us)
        now = max(now, start if handover == 0 else slot)
        if handover == 0:
            clock, log = PacingClock.resume(clock.time_left_us(now), now), StartHistory()
    assert not wire or busiest_second(wire) <= max(1, cps)


def test_a_slot_is_never_sooner_than_its_lead() -> None:
    slots, after = PacingClock(0).reserve(1_000_000, 40_000, 200_000, 2)
    assert slots == [1_040_000, 1_240_000]
    assert after.time_left_us(1_000_000) == 440_000 + MAX_LATE_US


def test_a_carrier_that_says_too_fast_halves_the_pace_and_it_climbs_back() -> None:
    slowed = BackoffFactor().slowed(0).slowed(0)
    assert slowed.at(0) == 0.25
    assert slowed.at(5 * SECOND_US) == 0.5
    assert slowed.at(60 * SECOND_US) == 1.0


def test_the_pace_never_stops_altogether() -> None:
    throttle = BackoffFactor()
    for _ in range(20):
        throttle = throttle.slowed(0)
    assert throttle.at(0) == 1 / 16


@given(st.lists(st.integers(0, 2_000_000), max_size=50))
def test_the_lead_stays_within_its_bounds(measurements: list[int]) -> None:
    lead = StartLead()
    for took_us in measurements:
        lead = lead.measured(took_us)
    assert 10_000 <= lead.us <= 250_000


def test_look_ahead_bounds_are_the_protocols() -> None:
    assert [preparing_bound(cps) for cps in (0.1, 1, 5, 50)] == [2, 4, 12, 102]
    assert [ready_bound(cps) for cps in (0.1, 1, 5, 50)] == [1, 1, 2, 25]


def test_one_reservation_takes_a_quarter_of_a_second() -> None:
    assert [reservation_size(spacing_us(cps)) for cps in (0.1, 1, 5, 20, 50, 100)] == [1, 1, 1, 4, 12, 24]


@given(CPS, st.floats(0, 60))
def test_the_preparing_target_stays_within_the_protocols_bound(cps: float, takes_s: float) -> None:
    assert 2 <= preparing_target(cps, takes_s) <= preparing_bound(cps)
