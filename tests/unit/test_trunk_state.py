"""What a trunk allows: its bounds, its pools, its circuit breaker."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import TRUNK
from tests.support.clocks import NOW_MS
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.reasons import TRUNK_FAULTS, Reason
from trunkline.dialer.batch_throttle import BatchThrottle, concurrency_filter
from trunkline.dialer.trunk_guard import FailureRow
from trunkline.livekit.dial_result import DialResult, DialResultKind
from trunkline.trunks.circuit_breaker import TRUNK_BREAKER, TrunkCircuitBreaker
from trunkline.trunks.models import TrunkSettings, TrunkState, batch_pool, tenant_pool

DOWN = DialResult(DialResultKind.FAILED, Reason.TRUNK_UNAVAILABLE, 503)
BUSY = DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486)


def places(*rows: tuple[str, bool]) -> list[QueuePosition]:
    return [
        QueuePosition(tenant, 5, batch, number, f"c{number}") for number, (tenant, batch) in enumerate(rows)
    ]


def test_a_tenants_bounds_only_tighten_the_operators() -> None:
    declared = replace(TRUNK, cps=5, max_concurrent_calls=10)
    assert TrunkState(declared, TrunkSettings(cps=2, max_concurrent_calls=3)).trunk.cps == 2
    assert TrunkState(declared, TrunkSettings(cps=50, max_concurrent_calls=30)).trunk == declared
    assert TrunkState(TRUNK, TrunkSettings(max_concurrent_calls=3)).trunk.max_concurrent_calls == 3


def test_pools_are_the_trunks_and_each_limited_tenants() -> None:
    state = TrunkState(
        replace(TRUNK, max_concurrent_calls=10, direct_share=0.25), tenants={"a": 2, "b": None}
    )
    mine = tenant_pool(TRUNK.id, "a")
    assert state.limits("a", batch=False) == {TRUNK.id: 10, mine: 2}
    assert state.limits("b", batch=True) == {TRUNK.id: 10, batch_pool(TRUNK.id): 7}
    assert state.pools() == sorted([TRUNK.id, batch_pool(TRUNK.id), mine])


def test_those_whose_pool_is_full_are_passed_over() -> None:
    state = TrunkState(replace(TRUNK, max_concurrent_calls=3), tenants={"a": 1, "b": None})
    waiting = places(("a", False), ("a", False), ("b", False), ("b", False), ("b", False))
    assert [place.call_id for place in concurrency_filter(waiting, state, {}, None)] == ["c0", "c2", "c3"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=20),
    st.integers(1, 5),
    st.integers(0, 5),
    st.floats(0, 0.9),
)
def test_no_pool_is_ever_filled_over_its_limit(
    rows: list[tuple[str, bool]], limit: int, already: int, share: float
) -> None:
    state = TrunkState(
        replace(TRUNK, max_concurrent_calls=limit, direct_share=share), tenants={"a": 2, "b": None}
    )
    let_in = concurrency_filter(places(*rows), state, {TRUNK.id: already}, None)
    assert already + len(let_in) <= max(limit, already)
    assert Counter(place.tenant_id for place in let_in)["a"] <= 2


def test_batch_calls_keep_to_the_share_of_the_pace_they_are_left() -> None:
    state, pace = TrunkState(replace(TRUNK, cps=10, direct_share=0.5)), BatchThrottle()
    claimed = 0
    for tick in range(100):
        allowed = pace.allowed(state, 1 + tick * 100_000) or 0
        for _ in range(allowed):
            pace.record_claim()
            claimed += 1
    assert 45 <= claimed <= 53, "half of 10 CPS for 10 s, and a burst"
    assert BatchThrottle().allowed(TrunkState(TRUNK), 1) is None


def test_only_a_row_of_trunk_failures_counts() -> None:
    row = FailureRow()
    for result in (DOWN, DOWN, BUSY, DOWN, DialResult(DialResultKind.UNKNOWN), DOWN, DOWN):
        row.record(result)
    assert row.take() == (3, True)
    assert row.reason(None) == "carrier_failing: SIP 503"
    row.record(DOWN)
    assert row.take() == (1, False)


def test_a_single_destination_that_is_forbidden_blames_no_trunk() -> None:
    row = FailureRow()
    for _ in range(TRUNK_BREAKER.opens_after):
        row.record(DialResult(DialResultKind.FAILED, Reason.TRUNK_REJECTED, 403))
    assert row.take() == (0, True)
    assert row.trunk_works


def test_each_failed_probe_doubles_the_pause_up_to_ten_minutes() -> None:
    breaker, pauses = None, []
    for _ in range(7):
        breaker = TrunkCircuitBreaker.opened("x", NOW_MS, breaker)
        pauses.append((breaker.open_until_ms - NOW_MS) // 1000)
    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    assert TrunkState(TRUNK, breaker=breaker).paused_because(NOW_MS) == "x"
    assert TrunkState(TRUNK, breaker=breaker).paused_because(NOW_MS + 600_000) is None


def test_the_first_refused_credentials_pause_the_trunk() -> None:
    row = FailureRow()
    row.record(DialResult(DialResultKind.FAILED, Reason.TRUNK_AUTH_FAILED))
    assert row.take()[0] >= TRUNK_BREAKER.opens_after
    assert row.reason(None) == "carrier_failing: trunk_auth_failed"


@pytest.mark.parametrize("reason", sorted(TRUNK_FAULTS))
def test_each_fault_of_the_trunk_counts_towards_its_breaker(reason: Reason) -> None:
    row = FailureRow()
    for _ in range(TRUNK_BREAKER.opens_after):
        row.record(DialResult(DialResultKind.FAILED, reason))
    assert row.take()[0] >= TRUNK_BREAKER.opens_after


@pytest.mark.parametrize("reason", [Reason.TRUNK_REJECTED, Reason.BLOCKED_BY_CARRIER, Reason.DIAL_BUSY])
def test_a_refusal_of_one_call_does_not_count_towards_the_breaker(reason: Reason) -> None:
    row = FailureRow()
    row.record(DialResult(DialResultKind.FAILED, reason))
    assert row.take() == (0, True)
