"""A lane run whose LiveKit hangs for a while, or loses replies."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.support.builders import TRUNK, make_call
from trunkline.calls.states import State
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind


@pytest.mark.parametrize("hangs_s", [0.4, 0.9, 2, 6])
async def test_after_a_hang_of_livekit_the_first_second_is_within_the_budget(
    dialer: DialerHarness, hangs_s: float
) -> None:
    dialer.trunks.save(replace(TRUNK, cps=10))
    dialer.livekit.answer_after_s = 20
    for number in range(1, 50):
        dialer.calls.create(make_call(number))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(1.5)
    dialer.livekit.responds.clear()
    await asyncio.sleep(hangs_s)
    assert dialer.livekit.requests - len(dialer.livekit.invites) <= 10, "starts that nothing has confirmed"
    dialer.livekit.responds.set()
    await run
    times = [time_s for time_s, _ in dialer.livekit.invites]
    assert len(times) == 49
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[10:], strict=False))


async def test_a_dial_whose_reply_is_lost_holds_no_other_once_livekit_answers(dialer: DialerHarness) -> None:
    answers = iter([DialAnswer(DialResult(DialResultKind.UNKNOWN))] * 3)
    dialer.livekit.answer = lambda _: next(answers, DialAnswer(DialResult(DialResultKind.ANSWERED)))
    for number in range(1, 7):
        dialer.calls.create(make_call(number))
    await dialer.run().serve(WAKE)
    assert dialer.states(range(1, 7)).count(State.ACTIVE) == 3
    assert len(dialer.livekit.invites) == 6


async def test_a_livekit_that_hangs_is_said_to_slow_the_trunk(dialer: DialerHarness) -> None:
    dialer.livekit.responds.clear()
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(3)
    assert dialer.lanes.status(TRUNK.id).slowed_by == "livekit_slow"
    dialer.livekit.responds.set()
    await run
    assert dialer.lanes.status(TRUNK.id).slowed_by is None
