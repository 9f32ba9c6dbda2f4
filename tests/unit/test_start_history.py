"""Starts on the wire: however LiveKit hangs and whatever it tells, no second holds more than `cps` INVITEs.

The search is exhaustive in a small model. Time passes in steps of 0.26 s, a quarter of 1.03 s. LiveKit hangs
from one step to another; an INVITE that it is asked for meanwhile leaves when the hang ends. Each start is
confirmed by its participant, by its answer, or by a sign of life after a lost reply. A run starts a call
whenever one is ready and the history allows it. At any step the run may hand its lane over, or die, and a
successor dials on. Oracle: the times on the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest

from trunkline.dial_queue.pacing import PacingClock, spacing_us
from trunkline.dial_queue.start_history import CONFIRM_WITHIN_US, Start, StartHistory

STEP_US = 260_000
STEPS = 28
SECOND_US = 1_000_000
SEEN, ANSWERED, LOST = "seen", "answered", "lost"
CLOCK_APART_MS = 7_000_000
TAKE_OVER_STEPS = 2
"""Sooner than any lease ends: the search must not lean on the lease."""


@dataclass
class Dial:
    start: Start
    wire_us: int
    confirmed_by: str


@dataclass
class Hang:
    from_us: int
    to_us: int

    def holds(self, now_us: int) -> bool:
        return self.from_us <= now_us < self.to_us


@dataclass
class Run:
    """One run of the model; `paced` ones keep the spacing of the pacing clock, as successors do."""

    cps: int
    hang: Hang
    kinds: tuple[str, ...]
    ask_us: int = 0
    paced: bool = False
    next_us: int = 0
    history: StartHistory = field(default_factory=StartHistory)
    dials: list[Dial] = field(default_factory=list)

    def learn(self, now_us: int) -> None:
        """Confirm what LiveKit tells by now."""
        if self.hang.holds(now_us):
            return
        self.history.confirm_inherited(now_us)
        for dial in self.dials:
            if dial.wire_us + self.ask_us <= now_us and not dial.start.is_confirmed:
                _confirm(self.history, dial, now_us)

    def start_if_allowed(self, now_us: int) -> None:
        if self.history.is_blocked(now_us) or now_us < max(
            self.next_us, self.history.not_before_us(self.cps)
        ):
            return
        wire_us = self.hang.to_us if self.hang.holds(now_us) else now_us
        self.dials.append(
            Dial(self.history.add(now_us), wire_us, self.kinds[len(self.dials) % len(self.kinds)])
        )
        if self.paced:
            self.next_us = now_us + spacing_us(self.cps)

    def time_left_us(self, now_us: int) -> int:
        clock_us = PacingClock(self.next_us).time_left_us(now_us)
        return max(clock_us, self.history.successor_not_before_us(self.cps) - now_us)


def wire_of(
    cps: int, hang: tuple[int, int], kinds: tuple[str, ...], ready: tuple[bool, ...], ask_us: int
) -> list[Dial]:
    """Dial through a hang, and return every dial with its time on the wire."""
    run = Run(cps, _hang(hang), kinds, ask_us)
    for step in range(STEPS):
        run.learn(step * STEP_US)
        if ready[step % len(ready)]:
            run.start_if_allowed(step * STEP_US)
    return run.dials


def wire_of_two(  # noqa: PLR0913 - the dimensions of the search
    cps: int,
    hang: tuple[int, int],
    kinds: tuple[str, ...],
    ready: tuple[bool, ...],
    ends_at: int,
    *,
    dies: bool,
    with_rule: bool = True,
) -> tuple[Run, Run]:
    """Dial through a hang with a run that ends or dies at a step, and with its successor.

    Without the rule, the run that ends waits for nothing, and the successor inherits nothing.
    """
    first = Run(cps, _hang(hang), kinds, paced=True)
    second: Run | None = None
    for step in range(STEPS + TAKE_OVER_STEPS):
        now_us = step * STEP_US
        is_over = step >= ends_at
        if not (is_over and dies):
            first.learn(now_us)
        if second is None and is_over and _is_taken(first, step - ends_at, dies=dies, with_rule=with_rule):
            second = _successor(first, now_us, dies=dies, with_rule=with_rule)
        run = second if is_over else first
        if second:
            second.learn(now_us)
        if run and ready[step % len(ready)]:
            run.start_if_allowed(now_us)
    assert second is not None
    return first, second


def _hang(steps: tuple[int, int]) -> Hang:
    return Hang(steps[0] * STEP_US, (steps[0] + steps[1]) * STEP_US)


def _is_taken(first: Run, steps_since: int, *, dies: bool, with_rule: bool) -> bool:
    if dies:
        return steps_since >= TAKE_OVER_STEPS
    return not (with_rule and first.history.has_unconfirmed)


def _successor(first: Run, now_us: int, *, dies: bool, with_rule: bool) -> Run:
    second = Run(first.cps, first.hang, first.kinds, paced=True)
    clock_us = PacingClock(first.next_us).time_left_us(now_us)
    second.next_us = now_us + (first.time_left_us(now_us) if with_rule and not dies else clock_us)
    if with_rule and dies:
        second.history.inherit()
    return second


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


@pytest.mark.parametrize("dies", [False, True], ids=["hands over", "dies"])
@pytest.mark.parametrize("cps", [1, 2, 3, 4])
def test_no_second_on_the_wire_holds_more_than_the_budget_whoever_dials(cps: int, dies: bool) -> None:
    """Whenever the run ends or dies, and however long LiveKit hangs before, then and after."""
    for hang, kinds, ready, ends_at in _hand_overs():
        first, second = wire_of_two(cps, hang, kinds, ready, ends_at, dies=dies)
        times = [dial.wire_us for dial in first.dials + second.dials]
        assert busiest_second(times) <= cps, (hang, kinds, ready, ends_at)
        assert second.dials[-1].start.sent_us > first.hang.to_us, "the lane goes on when LiveKit does"


@pytest.mark.parametrize("dies", [False, True], ids=["hands over", "dies"])
@pytest.mark.parametrize("cps", [1, 2, 3, 4])
def test_the_search_finds_a_successor_that_does_not_know_the_starts_before_it(cps: int, dies: bool) -> None:
    """The run that ends waits for nothing, or the successor of a dead one inherits nothing."""
    assert any(
        busiest_second([dial.wire_us for dial in first.dials + second.dials]) > cps
        for hang, kinds, ready, ends_at in _hand_overs()
        for first, second in [wire_of_two(cps, hang, kinds, ready, ends_at, dies=dies, with_rule=False)]
    )


def _hand_overs() -> Iterator[tuple[tuple[int, int], tuple[str, ...], tuple[bool, ...], int]]:
    hangs = product(range(8), range(11))
    return product(hangs, [(SEEN,), (ANSWERED,), (SEEN, LOST)], _PATTERNS, range(14))


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
