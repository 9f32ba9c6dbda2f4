"""A lane run whose LiveKit hangs for a while, or loses replies."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.store.fixtures_dialer import QUICK, WAKE, DialerHarness, MortalProcess
from tests.support.builders import TRUNK, make_call
from trunkline.calls.states import Phase, State
from trunkline.dial_queue.lease import LEASE_MS, MAX_CLOCK_SKEW_MS
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import RunLimits, StopReason
from trunkline.dialer.start_confirmation import TOKEN_LIFE_MS
from trunkline.livekit.client import TOKEN_LEEWAY_MS
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

WATCHDOG = DialWakeup(TRUNK.id, watchdog=True)


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


def first_seconds_are_within(dialer: DialerHarness, cps: int, calls: int) -> None:
    """Each call was INVITEd once, and any `cps + 1` INVITEs in a row span a second."""
    times = [time_s for time_s, _ in dialer.livekit.invites]
    assert len(times) == len({call.id for _, call in dialer.livekit.invites}) == calls
    spans_s = [later - earlier for earlier, later in zip(times, times[cps:], strict=False)]
    assert min(spans_s) >= 1, spans_s


def many_calls(dialer: DialerHarness, calls: int) -> None:
    dialer.trunks.save(replace(TRUNK, cps=10))
    dialer.livekit.answer_after_s = 20
    for number in range(1, calls + 1):
        dialer.calls.create(make_call(number))


async def hang_at(dialer: DialerHarness, begins_s: float, lasts_s: float) -> None:
    await asyncio.sleep(begins_s)
    dialer.livekit.responds.clear()
    await asyncio.sleep(lasts_s)
    dialer.livekit.responds.set()


@pytest.mark.parametrize(
    "limits",
    [replace(QUICK, claim_for_s=3, drain_s=0.5), replace(QUICK, max_unanswered=25)],
    ids=["time up", "too many unanswered"],
)
@pytest.mark.parametrize("begins_s", [2.3, 2.9])
async def test_a_successor_of_a_run_that_livekit_hangs_in_stays_within_the_budget(
    dialer: DialerHarness, limits: RunLimits, begins_s: float
) -> None:
    many_calls(dialer, 60)
    runs = asyncio.gather(dialer.run("run-1", limits).serve(WAKE), hang_at(dialer, begins_s, 3.2))
    await asyncio.sleep(begins_s)
    second = dialer.run("run-2", replace(QUICK, handover_wait_s=30))
    assert await second.serve(DialWakeup(TRUNK.id, handover=True)) is StopReason.EMPTY
    assert (await runs)[0] is StopReason.TIME_UP
    first_seconds_are_within(dialer, 10, 60)


@pytest.mark.parametrize("resumed_after_s", [0.3, 1.5, 5])
async def test_a_resumed_trunk_stays_within_the_budget_though_livekit_hung_at_its_pause(
    dialer: DialerHarness, resumed_after_s: float
) -> None:
    many_calls(dialer, 40)
    first = asyncio.gather(dialer.run("run-1").serve(WAKE), hang_at(dialer, 2, 3))
    await asyncio.sleep(2.6)
    dialer.trunks.set(TRUNK.id, {"paused": True}, None)
    await asyncio.sleep(resumed_after_s)
    dialer.trunks.set(TRUNK.id, {"paused": False}, None)
    await dialer.run("run-2").serve(WAKE)
    await first
    await dialer.run("run-3").serve(WAKE)
    first_seconds_are_within(dialer, 10, 40)


@pytest.mark.parametrize("hangs_s", [0.5, 1.5, 5.3, 9])
@pytest.mark.parametrize("dies_after_s", [0.4, 1.3])
async def test_a_successor_of_a_run_that_died_in_a_hang_stays_within_the_budget(
    dialer: DialerHarness, hangs_s: float, dies_after_s: float
) -> None:
    many_calls(dialer, 40)
    hang = asyncio.create_task(hang_at(dialer, 2, hangs_s))
    process = MortalProcess(dialer.livekit)
    run = asyncio.create_task(dialer.run("run-1", process=process).serve(WAKE))
    await asyncio.sleep(2 + dies_after_s)
    await process.kill()
    assert run.cancelled()
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)
    assert await dialer.run("run-2").serve(WATCHDOG) is StopReason.EMPTY
    await hang
    await asyncio.gather(*dialer.livekit.dials)
    first_seconds_are_within(dialer, 10, dialer.livekit.requests)
    invited = {call.id for _, call in dialer.livekit.invites}
    others = [call for call in map(dialer.load, range(1, 41)) if call.id not in invited]
    assert {(call.owner, call.phase) for call in others} <= {("run-1", Phase.SENT)}, "never sent: rule 11"


async def test_a_successor_of_a_dead_run_dials_though_livekit_never_answers(dialer: DialerHarness) -> None:
    """The starts of the dead run bind it until their tokens are dead."""
    many_calls(dialer, 1)
    assert dialer.lanes.take(TRUNK.id, "dead-run") is not None
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)

    async def silent(*_: object) -> None:
        raise LiveKitUnavailable("TimeoutError", timed_out=True)

    dialer.livekit.callee_joined_ms = silent  # type: ignore[method-assign, assignment]
    taken_s = asyncio.get_running_loop().time()
    await dialer.run().serve(WATCHDOG)
    waited_s = dialer.livekit.invites[0][0] - taken_s
    assert waited_s >= (TOKEN_LIFE_MS + TOKEN_LEEWAY_MS) / 1000
