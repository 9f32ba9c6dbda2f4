"""Model of a run and its successor on a LiveKit that hangs, searched by `tests/unit/test_start_history.py`.

Time passes in steps of 0.26 s, a quarter of 1.03 s. LiveKit hangs from one step to another, as a whole or its
SIP service alone; an INVITE that it is asked for meanwhile leaves when the hang ends. Each start is confirmed
by its participant or by its answer; of a lost one nothing is ever seen, and its INVITE leaves after others
that LiveKit held. A run starts a call whenever one is ready and the history allows it. At any step the run
may hand its lane over, or die, and a successor dials on. Oracle: the times on the wire.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import NamedTuple

from trunkline.dial_queue.pacing import PacingClock, spacing_us
from trunkline.dial_queue.start_history import Start, StartHistory

STEP_US = 260_000
STEPS = 40
SECOND_US = 1_000_000
SEEN, ANSWERED, LOST = "seen", "answered", "lost"
CLOCK_APART_MS = 7_000_000
TAKE_OVER_STEPS = 2
"""Sooner than any lease ends: the search must not lean on the lease."""
TOKEN_STEPS = 17
"""A token outlives every hang: what LiveKit then still holds is never sent."""
LOST_LATE_STEPS = 3


@dataclass
class Dial:
    start: Start
    wire_us: int
    confirmed_by: str
    dead_us: int
    """When its token is dead."""

    def is_seen(self, now_us: int) -> bool:
        return self.confirmed_by != LOST and self.wire_us <= now_us


class Hang(NamedTuple):
    from_us: int
    to_us: int
    is_of_sip_alone: bool = False

    def holds(self, now_us: int) -> bool:
        return self.from_us <= now_us < self.to_us

    def wire_us(self, now_us: int, kind: str) -> int:
        """Return when an INVITE that is asked for now leaves."""
        late_us = LOST_LATE_STEPS * STEP_US if kind == LOST else 0
        return self.to_us + late_us if self.holds(now_us) else now_us


@dataclass
class Run:
    """One run of the model; `paced` ones keep the spacing of the pacing clock, as successors do.

    `open_dials` are those of `dials` that nothing has confirmed, and `inherited` those of the run before, as
    this one counts them. `trusts_any_answer` takes whatever livekit-server answers for a proof that LiveKit
    holds nothing.
    """

    cps: int
    hang: Hang
    kinds: tuple[str, ...]
    ask_us: int = 0
    paced: bool = False
    next_us: int = 0
    history: StartHistory = field(default_factory=StartHistory)
    dials: list[Dial] = field(default_factory=list)
    open_dials: list[Dial] = field(default_factory=list)
    inherited: list[Dial] = field(default_factory=list)
    trusts_any_answer: bool = False

    def learn(self, now_us: int) -> None:
        """Confirm what LiveKit tells by now, what a later start proves, and what no token covers."""
        answers = self.hang.is_of_sip_alone or not self.hang.holds(now_us)
        for dial in self.open_dials + self.inherited:
            if answers and dial.is_seen(now_us - self.ask_us):
                _confirm(self.history, dial, now_us)
            elif self._is_given_up(dial, now_us) or (answers and self.trusts_any_answer):
                self.history.confirm(dial.start, now_us)
        self.open_dials = [dial for dial in self.open_dials if not dial.start.is_confirmed]
        self.inherited = [dial for dial in self.inherited if not dial.start.is_confirmed]

    def _is_given_up(self, dial: Dial, now_us: int) -> bool:
        return now_us >= dial.dead_us or self.history.is_proven(dial.start, now_us)

    def start_if_allowed(self, now_us: int) -> None:
        if now_us < self.next_us or self.history.is_blocked(now_us, self.cps):
            return
        if now_us < self.history.not_before_us(now_us, self.cps):
            return
        kind = self.kinds[len(self.dials) % len(self.kinds)]
        start, wire_us = self.history.add(now_us), self.hang.wire_us(now_us, kind)
        dial = Dial(start, wire_us, kind, now_us + TOKEN_STEPS * STEP_US)
        self.dials.append(dial)
        self.open_dials.append(dial)
        if self.paced:
            self.next_us = now_us + spacing_us(self.cps)

    @property
    def goes_on(self) -> bool:
        """Tell whether it dials on at its pace, long after the hang: nothing new can happen."""
        after_us = self.hang.to_us + (1 + LOST_LATE_STEPS) * STEP_US + SECOND_US
        return len(self.dials) > self.cps and self.dials[-self.cps - 1].start.sent_us > after_us

    def time_left_us(self, now_us: int) -> int:
        clock_us = PacingClock(self.next_us).time_left_us(now_us)
        return max(clock_us, self.history.successor_not_before_us(now_us, self.cps) - now_us)


class Story(NamedTuple):
    """One case: the hang, what is seen of each start, when calls are ready, and when the run ends."""

    hang: Hang
    kinds: tuple[str, ...]
    ready: tuple[bool, ...]
    ends_at: int


def wire_of(cps: int, hang: Hang, kinds: tuple[str, ...], ready: tuple[bool, ...], ask_us: int) -> list[Dial]:
    """Dial through a hang, and return every dial with its time on the wire."""
    run = Run(cps, hang, kinds, ask_us)
    for step in range(STEPS):
        run.learn(step * STEP_US)
        if ready[step % len(ready)]:
            run.start_if_allowed(step * STEP_US)
    return run.dials


def wire_of_two(
    cps: int, story: Story, *, dies: bool, inherits: bool = True, trusts_any_answer: bool = False
) -> tuple[Run, Run]:
    """Dial through a hang with a run that ends or dies at a step, and with its successor.

    Unless it `inherits`, the run that ends waits for nothing, and the successor counts nothing of it.
    """
    first = Run(cps, story.hang, story.kinds, paced=True, trusts_any_answer=trusts_any_answer)
    second: Run | None = None
    for step in range(STEPS + TAKE_OVER_STEPS):
        now_us = step * STEP_US
        if second and second.goes_on:
            break
        is_over = step >= story.ends_at
        if not (is_over and dies):
            first.learn(now_us)
        if second is None and is_over and _is_taken(first, step, story.ends_at, dies=dies, inherits=inherits):
            second = _successor(first, now_us, dies=dies, inherits=inherits)
        run = second if is_over else first
        if second:
            second.learn(now_us)
        if run and story.ready[step % len(story.ready)]:
            run.start_if_allowed(now_us)
    assert second is not None
    return first, second


def make_hang(begins: int, lasts: int, *, sip_alone: bool = False) -> Hang:
    return Hang(begins * STEP_US, (begins + lasts) * STEP_US, sip_alone)


def _is_taken(first: Run, step: int, ends_at: int, *, dies: bool, inherits: bool) -> bool:
    if dies:
        return step - ends_at >= TAKE_OVER_STEPS
    return not inherits or first.history.may_hand_over(step * STEP_US, first.cps)


def _successor(first: Run, now_us: int, *, dies: bool, inherits: bool) -> Run:
    second = Run(first.cps, first.hang, first.kinds, paced=True, trusts_any_answer=first.trusts_any_answer)
    clock_us = PacingClock(first.next_us).time_left_us(now_us)
    second.next_us = now_us + (first.time_left_us(now_us) if inherits and not dies else clock_us)
    if inherits and (dies or first.history.has_unconfirmed):
        unseen = [dial for dial in first.dials if not dial.is_seen(now_us) and now_us < dial.dead_us]
        starts = second.history.add_inherited(now_us, len(unseen))
        second.inherited = [replace(dial, start=start) for start, dial in zip(starts, unseen, strict=True)]
    return second


def _confirm(history: StartHistory, dial: Dial, now_us: int) -> None:
    if dial.confirmed_by == SEEN:
        history.confirm_joined(dial.start, now_us, dial.wire_us // 1000 + CLOCK_APART_MS)
    else:
        history.confirm_answered(dial.start, now_us)


def busiest_second(times: list[int]) -> int:
    ordered = sorted(times)
    within = (bisect_left(ordered, at + SECOND_US) - number for number, at in enumerate(ordered))
    return max(within, default=0)


def most_on_the_wire(*runs: Run) -> int:
    return busiest_second([dial.wire_us for run in runs for dial in run.dials])


PATTERNS = [(True,), (True, False), (True, True, False), (False, False, True, True, True)]
"""At which steps a call is ready."""


def stories(*, sip_alone: bool, every: int = 1, first: int = 0) -> Iterator[Story]:
    """Tell all stories, or one of `every` so many, from the one with number `first` on."""
    hangs = [make_hang(*steps, sip_alone=sip_alone) for steps in product(range(8), range(11))]
    kinds = [(SEEN,), (SEEN, LOST), (LOST, SEEN, SEEN) if sip_alone else (ANSWERED,)]
    return (Story(*story) for story in islice(product(hangs, kinds, PATTERNS, range(14)), first, None, every))


def holds_the_budget(cps: int, story: Story, *, dies: bool) -> None:
    """Assert that two runs, one after the other, keep to the budget and dial on after the hang."""
    first, second = wire_of_two(cps, story, dies=dies)
    assert most_on_the_wire(first, second) <= cps, story
    assert second.dials[-1].start.sent_us > story.hang.to_us, "the lane goes on when LiveKit does"
