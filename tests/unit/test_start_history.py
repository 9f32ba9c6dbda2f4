"""Starts on the wire: however LiveKit hangs and whatever it tells, no second holds more than `cps` INVITEs.

The search is exhaustive in a small model. Time passes in steps of 0.26 s, a quarter of 1.03 s. LiveKit hangs
from one step to another; an INVITE that it is asked for meanwhile leaves when the hang ends. Each start is
confirmed by its participant, by its answer, or by a sign of life after a lost reply. A run starts a call
whenever one is ready and the history allows it. Oracle: the times on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from trunkline.dial_queue.start_history import CONFIRM_WITHIN_US, Start, StartHistory

STEP_US = 260_000
STEPS = 28
SECOND_US = 1_000_000
SEEN, ANSWERED, LOST = "seen", "answered", "lost"
CLOCK_APART_MS = 7_000_000


@dataclass
class Dial:
    start: Start
    wire_us: int
    confirmed_by: str


def wire_of(
    cps: int, hang: tuple[int, int], kinds: tuple[str, ...], ready: tuple[bool, ...], ask_us: int
) -> list[Dial]:
    """Dial through a hang, and return every dial with its time on the wire."""
    history, dials = StartHistory(), list[Dial]()
    hang_from_us, hang_to_us = hang[0] * STEP_US, (hang[0] + hang[1]) * STEP_US
    for step in range(STEPS):
        now_us = step * STEP_US
        hangs = hang_from_us <= now_us < hang_to_us
        for dial in dials:
            if not hangs and dial.wire_us + ask_us <= now_us and not dial.start.is_confirmed:
                _confirm(history, dial, now_us)
        if not ready[step % len(ready)] or history.is_blocked(now_us) or now_us < history.not_before_us(cps):
            continue
        wire_us = hang_to_us if hangs else now_us
        dials.append(Dial(history.add(now_us), wire_us, kinds[len(dials) % len(kinds)]))
    return dials


def _confirm(history: StartHistory, dial: Dial, now_us: int) -> None:
    if dial.confirmed_by == SEEN:
        history.confirm_joined(dial.start, now_us, dial.wire_us // 1000 + CLOCK_APART_MS)
    elif dial.confirmed_by == ANSWERED:
        history.confirm_answered(dial.start, now_us)
    else:
        history.confirm(dial.start, now_us)


def busiest_second(times: list[int]) -> int:
    return max(
        (sum(1 for other in times if start <= other < start + SECOND_US) for start in times), default=0
    )


@pytest.mark.parametrize("cps", [1, 2, 3, 4])
@pytest.mark.parametrize("ask_us", [0, STEP_US])
def test_no_second_on_the_wire_holds_more_than_the_budget_whenever_livekit_hangs(
    cps: int, ask_us: int
) -> None:
    hangs = product(range(7), range(12))
    for hang, kinds, ready in product(hangs, product((SEEN, ANSWERED), repeat=2), _PATTERNS):
        dials = wire_of(cps, hang, kinds, ready, ask_us)
        assert busiest_second([dial.wire_us for dial in dials]) <= cps, (hang, kinds, ready)
        assert dials[-1].start.sent_us > (hang[0] + hang[1]) * STEP_US, "the lane goes on when LiveKit does"


_PATTERNS = [(True,), (True, False), (True, True, False), (False, False, True, True, True)]


@pytest.mark.parametrize("cps", [1, 3, 4])
def test_a_hang_of_seconds_holds_no_more_than_the_budget(cps: int) -> None:
    """Also with lost replies, of which only is known when LiveKit answers again."""
    for begins, lasts, kinds in product(range(5), range(6, 14), product((SEEN, ANSWERED, LOST), repeat=3)):
        dials = wire_of(cps, (begins, lasts), kinds, (True,), 0)
        held = [dial for dial in dials if dial.wire_us > dial.start.sent_us]
        assert len(held) <= max(1, cps)
        assert busiest_second([dial.wire_us for dial in dials]) <= cps, (begins, lasts, kinds)


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
        sent_us = max(sent_us + 250_000, history.not_before_us(4))
    assert history.is_slow(sent_us)
    assert start.late_us == 380_000
    assert history.not_before_us(1) == start.sent_us + 380_000 + 1_025_000


def test_a_start_that_nothing_confirms_for_a_second_stops_all_others() -> None:
    history = StartHistory()
    start = history.add(0)
    assert not history.is_blocked(CONFIRM_WITHIN_US)
    assert history.is_blocked(CONFIRM_WITHIN_US + 1)
    history.confirm(start, 5_000_000)
    assert not history.is_blocked(5_000_000)
    assert start.counted_us == 5_000_000, "it counts from the moment at which it was confirmed"
