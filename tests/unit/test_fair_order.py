"""Strict priority, direct before batch, tenants in turn."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trunkline.calls.queue_position import QueuePosition
from trunkline.dialer.fair_order import FairScheduler


def place(tenant: str, number: int, priority: int = 5, *, batch: bool = False) -> QueuePosition:
    return QueuePosition(tenant, priority, batch, number, f"{tenant}-{number}")


PLACES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.booleans()), min_size=1, max_size=30
).map(lambda rows: [place(t, n, p, batch=b) for n, (t, p, b) in enumerate(rows)])


def test_a_place_is_read_back_from_its_key() -> None:
    given_place = place("tenant-1", 17, 3, batch=True)
    assert QueuePosition.parse(given_place.key) == given_place


def test_a_burst_of_one_tenant_lets_the_others_take_their_turns() -> None:
    burst = [place("a", number) for number in range(100)]
    late = [place("b", 1000), place("b", 1001), place("c", 1002)]
    order = FairScheduler().order(burst + late)
    assert {entry.call_id for entry in order[:5]} >= {"b-1000", "c-1002"}
    assert "b-1001" in {entry.call_id for entry in order[:6]}


def test_turns_are_remembered_from_look_to_look() -> None:
    turns = FairScheduler()
    served = []
    for look in range(6):
        heads = [place("a", look), place("b", look)]
        best = turns.order(heads)[0]
        turns.record_served(best)
        served.append(best.tenant_id)
    assert served in (list("ababab"), list("bababa"))


@given(PLACES)
def test_priority_is_strict_and_direct_goes_before_batch(places: list[QueuePosition]) -> None:
    ranks = [entry.rank for entry in FairScheduler().order(places)]
    assert ranks == sorted(ranks)


@given(PLACES)
def test_each_tenants_calls_keep_their_order_and_none_is_lost(places: list[QueuePosition]) -> None:
    order = FairScheduler().order(places)
    assert Counter(order) == Counter(places)
    for tenant in "abc":
        mine = [entry.key for entry in order if entry.tenant_id == tenant]
        assert mine == sorted(mine)


@given(PLACES)
def test_while_two_tenants_wait_at_a_rank_neither_gets_two_turns_more(places: list[QueuePosition]) -> None:
    order = FairScheduler().order(places)
    for rank in {entry.rank for entry in places}:
        row = [entry for entry in order if entry.rank == rank]
        for first, second in (("a", "b"), ("a", "c"), ("b", "c")):
            both = min(sum(e.tenant_id == t for e in row) for t in (first, second))
            seen: Counter[str] = Counter()
            for entry in row:
                seen[entry.tenant_id] += 1
                if max(seen[first], seen[second]) <= both:
                    assert abs(seen[first] - seen[second]) <= 2
