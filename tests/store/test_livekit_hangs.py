"""A lane run whose LiveKit hangs for a while, or loses replies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.store.fixtures_dialer import QUICK, UP, WAKE, DialerHarness, MortalProcess
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.fake_livekit import LOST
from trunkline.calls.models import Call
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import claim_call, record_intent
from trunkline.dial_queue.lease import HEARTBEAT_S, LEASE_MS, MAX_CLOCK_SKEW_MS, WATCHDOG_DELAY_S
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import RunLimits, StopReason
from trunkline.dialer.start_confirmation import TOKEN_LIFE_MS
from trunkline.livekit.client import TOKEN_LEEWAY_MS
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind

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


async def hang_at(dialer: DialerHarness, begins_s: float, lasts_s: float, *, sip_alone: bool = False) -> None:
    responds = dialer.livekit.sip_responds if sip_alone else dialer.livekit.responds
    await asyncio.sleep(begins_s)
    responds.clear()
    await asyncio.sleep(lasts_s)
    responds.set()


async def kill_after(dialer: DialerHarness, seconds: float) -> None:
    """Run a dialer, and kill its process."""
    process = MortalProcess(dialer.livekit)
    run = asyncio.create_task(dialer.run("run-1", process=process).serve(WAKE))
    await asyncio.sleep(seconds)
    await process.kill()
    assert run.cancelled()


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


@pytest.mark.parametrize(("hangs_s", "dies_after_s"), [(0.5, 1.3), (1.5, 0.4), (9, 0.4), (9, 1.3)])
@pytest.mark.parametrize("sip_alone", [False, True], ids=["livekit", "sip alone"])
async def test_a_successor_of_a_run_that_died_in_a_hang_stays_within_the_budget(
    dialer: DialerHarness, hangs_s: float, dies_after_s: float, sip_alone: bool
) -> None:
    """livekit-server answers at once while its SIP service hangs: that it does proves nothing."""
    many_calls(dialer, 45)
    hang = asyncio.create_task(hang_at(dialer, 2, hangs_s, sip_alone=sip_alone))
    await kill_after(dialer, 2 + dies_after_s)
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)
    assert await dialer.run("run-2").serve(WATCHDOG) is StopReason.EMPTY
    await hang
    await asyncio.gather(*dialer.livekit.dials)
    first_seconds_are_within(dialer, 10, dialer.livekit.requests)
    invited = {call.id for _, call in dialer.livekit.invites}
    others = [call for call in map(dialer.load, range(1, 46)) if call.id not in invited]
    assert {(call.owner, call.phase) for call in others} <= {("run-1", Phase.SENT)}, "never sent: rule 11"


async def test_lost_replies_of_a_sip_service_that_hangs_stay_within_the_budget(dialer: DialerHarness) -> None:
    many_calls(dialer, 40)
    hang = asyncio.create_task(hang_at(dialer, 2, 4, sip_alone=True))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(2)
    dialer.livekit.reply_lost_after_s = 0.8
    await hang
    assert dialer.livekit.requests - len(dialer.livekit.invites) <= 10, "starts that nothing has confirmed"
    dialer.livekit.reply_lost_after_s = None
    await run
    await asyncio.gather(*dialer.livekit.dials)
    first_seconds_are_within(dialer, 10, 40)


@pytest.mark.parametrize("dies_after_s", [2.0, 2.04, 2.08])
async def test_a_killed_dialers_trunk_dials_on_within_ten_seconds(
    dialer: DialerHarness, dies_after_s: float
) -> None:
    """Also where the dead run had written intents that it never sent."""
    many_calls(dialer, 40)
    dialer.livekit.answer_after_s = 5
    await kill_after(dialer, dies_after_s)
    died_s = asyncio.get_running_loop().time()
    await asyncio.sleep(HEARTBEAT_S + WATCHDOG_DELAY_S)
    assert await dialer.run("run-2").serve(WATCHDOG) is StopReason.EMPTY
    first_s = min(time_s for time_s, _ in dialer.livekit.invites if time_s > died_s)
    assert first_s - died_s < 10
    first_seconds_are_within(dialer, 10, dialer.livekit.requests)


def sent_by_a_dead_run(dialer: DialerHarness) -> Call:
    """Leave a lane as a run does that is killed right after an intent; nobody ever sees the call's leg."""
    assert dialer.lanes.take(TRUNK.id, "dead-run") is not None
    call = dialer.load(1)
    claimed = dialer.calls.apply(call, claim_call(call, "dead-run", f"call-{call.id}"), NOW_MS)
    intent = record_intent(claimed, NOW_MS, intent="1", token_expires_at_ms=NOW_MS + TOKEN_LIFE_MS)
    return dialer.calls.apply(claimed, intent, NOW_MS)


@pytest.mark.parametrize(("cps", "waits"), [(1, True), (2, False)])
async def test_a_start_that_nobody_sees_holds_only_a_trunk_whose_budget_it_fills(
    dialer: DialerHarness, cps: int, waits: bool
) -> None:
    """At one call a second no other start is within the budget until the token is dead."""
    for number in range(1, 9):
        dialer.calls.create(make_call(number))
    dialer.trunks.save(replace(TRUNK, cps=cps))
    sent_by_a_dead_run(dialer)
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)
    slow = replace(QUICK, poll_s=0.25, cancel_poll_s=0.5)
    assert await dialer.run(limits=slow).serve(WATCHDOG) is StopReason.EMPTY
    times = [time_s for time_s, _ in dialer.livekit.invites]
    assert len(times) == 7
    assert (times[0] >= (TOKEN_LIFE_MS + TOKEN_LEEWAY_MS) / 1000) is waits
    assert waits or times[-1] < 20, "a later start proves that it has left"


async def test_a_run_whose_last_replies_are_lost_leaves_no_gap_to_its_successor(
    dialer: DialerHarness,
) -> None:
    """Of the lost dials nothing is ever seen; the successor counts them, and goes on."""
    lost = {make_call(number).id for number in (5, 6)}
    dialer.livekit.answer = lambda call: LOST if call.id in lost else UP
    for number in range(1, 21):
        dialer.calls.create(make_call(number))
    first = asyncio.create_task(dialer.run("run-1", replace(QUICK, claim_for_s=1, drain_s=0)).serve(WAKE))
    await asyncio.sleep(1)
    second = dialer.run("run-2", replace(QUICK, handover_wait_s=30))
    assert await second.serve(DialWakeup(TRUNK.id, handover=True)) is StopReason.EMPTY
    assert await first is StopReason.TIME_UP
    times = [time_s for time_s, _ in dialer.livekit.invites]
    assert len(times) == 20
    assert max(later - earlier for earlier, later in pairwise(times)) < 5
    first_seconds_are_within(dialer, 5, 20)


async def test_a_call_that_livekit_tells_of_is_no_longer_counted(dialer: DialerHarness) -> None:
    """The participant's webhook was written, though its leg is gone."""
    dialer.trunks.save(replace(TRUNK, cps=1))
    for number in (1, 2):
        dialer.calls.create(make_call(number))
    call = sent_by_a_dead_run(dialer)
    await asyncio.sleep((LEASE_MS + MAX_CLOCK_SKEW_MS) / 1000 + 0.01)
    run = asyncio.create_task(dialer.run().serve(WATCHDOG))
    await asyncio.sleep(3)
    assert dialer.livekit.invites == []
    dialer.calls.record_provider_ids(call.id, call.claim, {"sip_participant_id": "PA_1"})
    await run
    [(time_s, _)] = dialer.livekit.invites
    assert time_s < 15
