"""Frequency caps: never more within any span, and none held back longer than that takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.compliance.frequency_cap import FrequencyCap

HOUR_MS = 3_600_000
caps = st.builds(FrequencyCap, max_attempts=st.integers(1, 5), per_hours=st.integers(1, 3))


@given(caps, st.lists(st.integers(0, HOUR_MS), max_size=40))
def test_who_rings_when_it_may_never_rings_too_often(cap: FrequencyCap, steps: list[int]) -> None:
    rung: dict[str, int] = {}
    now_ms = 0
    for number, step in enumerate(steps):
        now_ms += step
        if cap.next_allowed_ms(rung, now_ms) == now_ms:
            rung[str(number)] = now_ms
        for end_ms in rung.values():
            within = [at_ms for at_ms in rung.values() if end_ms - cap.span_ms < at_ms <= end_ms]
            assert len(within) <= cap.max_attempts


@given(caps, st.dictionaries(st.text(max_size=3), st.integers(-5 * HOUR_MS, 0), max_size=20))
def test_it_opens_at_the_first_moment_that_it_may(cap: FrequencyCap, rung: dict[str, int]) -> None:
    opens_ms = cap.next_allowed_ms(rung, 0)
    assert len(cap.counted(rung, opens_ms)) < cap.max_attempts
    if opens_ms > 0:
        assert len(cap.counted(rung, opens_ms - 1)) >= cap.max_attempts
