"""Starts on the wire: however LiveKit hangs and whatever it tells, no second holds more than `cps` INVITEs.

The search is in a small model, `tests/support/start_history_model.py`. Of two runs one after the other each
fifth story is told here, spread over all that stories differ in, and every one by `make faults`.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.support.start_history_model import (
    ANSWERED,
    CLOCK_APART_MS,
    LOST,
    PATTERNS,
    SEEN,
    STEP_US,
    busiest_second,
    holds_the_budget,
    make_hang,
    most_on_the_wire,
    stories,
    wire_of,
    wire_of_two,
)
from trunkline.dial_queue.start_history import CONFIRM_WITHIN_US, StartHistory

FIFTH = 5
"""Shares no factor with the number of values of anything that stories differ in: so each value comes up."""


@pytest.mark.parametrize("cps", [1, 2, 3, 4])
@pytest.mark.parametrize("ask_us", [0, STEP_US])
def test_no_second_on_the_wire_holds_more_than_the_budget_whenever_livekit_hangs(
    cps: int, ask_us: int
) -> None:
    hangs = [make_hang(*steps) for steps in product(range(7), range(12))]
    for hang, kinds, ready in product(hangs, product((SEEN, ANSWERED), repeat=2), PATTERNS):
        dials = wire_of(cps, hang, kinds, ready, ask_us)
        assert busiest_second([dial.wire_us for dial in dials]) <= cps, (hang, kinds, ready)
        assert dials[-1].start.sent_us > hang.to_us, "the lane goes on when LiveKit does"


@pytest.mark.parametrize("sip_alone", [False, True], ids=["livekit", "sip alone"])
@pytest.mark.parametrize("cps", [1, 3, 4])
def test_a_hang_of_seconds_holds_no_more_than_the_budget(cps: int, sip_alone: bool) -> None:
    """Also with starts of which nothing is ever seen."""
    for begins, lasts, kinds in product(range(5), range(6, 14), product((SEEN, ANSWERED, LOST), repeat=3)):
        hang = make_hang(begins, lasts, sip_alone=sip_alone)
        dials = wire_of(cps, hang, kinds, (True,), 0)
        held = [dial for dial in dials if dial.wire_us > dial.start.sent_us]
        assert len(held) <= max(1, cps)
        assert busiest_second([dial.wire_us for dial in dials]) <= cps, (hang, kinds)


@pytest.mark.parametrize("sip_alone", [False, True], ids=["livekit", "sip alone"])
@pytest.mark.parametrize("dies", [False, True], ids=["hands over", "dies"])
@pytest.mark.parametrize("cps", [1, 2, 3, 4])
def test_no_second_on_the_wire_holds_more_than_the_budget_whoever_dials(
    cps: int, dies: bool, sip_alone: bool
) -> None:
    """Whenever the run ends or dies, and however long LiveKit hangs before, then and after."""
    for story in stories(sip_alone=sip_alone, every=FIFTH, first=cps):
        holds_the_budget(cps, story, dies=dies)


@pytest.mark.parametrize("dies", [False, True], ids=["hands over", "dies"])
@pytest.mark.parametrize("cps", [1, 2, 3, 4])
def test_the_search_finds_a_successor_that_does_not_know_the_starts_before_it(cps: int, dies: bool) -> None:
    """The run that ends waits for nothing, or the successor of a dead one inherits nothing."""
    assert any(
        most_on_the_wire(*wire_of_two(cps, story, dies=dies, inherits=False)) > cps
        for story in stories(sip_alone=False, every=FIFTH)
    )


@pytest.mark.parametrize("dies", [False, True], ids=["hands over", "dies"])
@pytest.mark.parametrize("cps", [1, 2, 3, 4])
def test_the_search_finds_a_run_that_takes_any_answer_for_a_proof(cps: int, dies: bool) -> None:
    """livekit-server answers while its SIP service hangs."""
    assert any(
        most_on_the_wire(*wire_of_two(cps, story, dies=dies, trusts_any_answer=True)) > cps
        for story in stories(sip_alone=True, every=FIFTH)
    )


def test_a_livekit_that_is_always_late_by_the_same_costs_no_pace() -> None:
    history = StartHistory()
    for number in range(30):
        start = history.add(number * 250_000)
        history.confirm_joined(start, start.sent_us + 300_000, start.sent_us // 1000 + 200 + CLOCK_APART_MS)
    assert start.late_us == 0
    assert not history.is_slow(30 * 250_000)


def test_a_livekit_that_falls_behind_slows_the_starts_and_says_so() -> None:
    history, sent_us = StartHistory(), 0
    for delay_ms in [20] * 5 + [400] * 10:
        start = history.add(sent_us)
        history.confirm_joined(start, sent_us + 500_000, (sent_us // 1000) + delay_ms)
        sent_us = max(sent_us + 250_000, history.not_before_us(sent_us + 500_000, 4))
    assert history.is_slow(sent_us)
    assert start.late_us == 380_000
    assert history.not_before_us(sent_us, 1) == start.sent_us + 380_000 + 1_025_000


def test_a_doubtful_start_lets_others_go_one_at_a_time_below_the_budget() -> None:
    history = StartHistory()
    start = history.add(0)
    assert not history.is_blocked(CONFIRM_WITHIN_US, 1)
    now_us = CONFIRM_WITHIN_US + 1
    assert history.is_blocked(now_us, 1), "it fills a budget of one"
    assert not history.is_blocked(now_us, 2)
    probe = history.add(now_us)
    assert history.is_blocked(now_us, 9), "until the probe is seen"
    history.confirm_joined(probe, now_us + 100_000, 0)
    assert not history.is_blocked(now_us + 100_000, 9)
    assert not history.is_proven(start, now_us + 100_000), "LiveKit may process both at the same time"
    assert history.is_proven(start, now_us + 100_000 + CONFIRM_WITHIN_US)
    history.confirm(start, 5_000_000)
    assert start.counted_us == 5_000_000, "it counts from the moment at which it was confirmed"


def test_a_start_that_was_sent_soon_after_another_proves_nothing_of_it() -> None:
    """LiveKit may process two starts in another order than they were sent, and hang in between."""
    history = StartHistory()
    earlier, later = history.add(0), history.add(CONFIRM_WITHIN_US)
    history.confirm_joined(later, later.sent_us, 0)
    assert not history.is_proven(earlier, 10 * CONFIRM_WITHIN_US)


def test_a_run_hands_over_when_its_successor_may_start() -> None:
    history = StartHistory()
    assert history.may_hand_over(0, 2)
    history.add(0)
    assert not history.may_hand_over(CONFIRM_WITHIN_US, 2), "it is confirmed within a second, as a rule"
    assert history.may_hand_over(CONFIRM_WITHIN_US + 1, 2)
    assert not history.may_hand_over(CONFIRM_WITHIN_US + 1, 1)
