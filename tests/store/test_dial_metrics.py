"""Metrics of lane runs and of lines that wait, as CloudWatch reads them."""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import BUSY, UP, WAKE, DialerHarness
from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import TRUNK, make_call
from trunkline.core.metrics import METRICS, MetricWriter
from trunkline.dial_queue.answer_gap import MIN_DIALS
from trunkline.dialer.lane_run import RunLimits
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.livekit.sip_statuses import result_of_sip_status

TOO_FAST = DialAnswer(DialResult(DialResultKind.TOO_FAST, None, 503))
BLOCKED = DialAnswer(result_of_sip_status(608, "Rejected"))
UNKNOWN = DialAnswer(DialResult(DialResultKind.UNKNOWN))


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, list[float]]:
    """Return the values of each metric that was written."""
    found: dict[str, list[float]] = defaultdict(list)
    for line in capsys.readouterr().out.splitlines():
        if '"_aws"' in line:
            values: dict[str, Any] = json.loads(line)
            for name in METRICS.keys() & values.keys():
                found[name] += values[name]
    return found


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (UP, {"DialsAnswered", "RingTime"}),
        (BUSY, set()),
        (TOO_FAST, {"DialsTooFast"}),
        (UNKNOWN, {"DialsUnknown"}),
        (BLOCKED, {"DialsBlocked"}),
    ],
)
async def test_a_dial_is_measured_from_its_acceptance_to_its_answer(
    dialer: DialerHarness, capsys: pytest.CaptureFixture[str], answer: DialAnswer, counted: set[str]
) -> None:
    answers = iter([answer])
    dialer.livekit.answer = lambda _: next(answers, UP)
    dialer.calls.create(make_call(1, expires_at_ms=dialer.clock.wall_ms() + 500))
    await dialer.run().serve(WAKE)
    found = measured(capsys)
    assert (found["DialStarts"], len(found["PostToInvite"])) == ([1.0], 1)
    of_answers = {"DialsAnswered", "RingTime", "DialsTooFast", "DialsUnknown", "DialsBlocked"}
    assert of_answers & found.keys() == counted


async def test_test_calls_are_not_measured(dialer: DialerHarness, capsys: pytest.CaptureFixture[str]) -> None:
    dialer.calls.create(make_call(1, livemode=False))
    await dialer.run().serve(WAKE)
    assert len(dialer.livekit.invites) == 1
    assert not {"DialStarts", "DialsAnswered", "PostToInvite"} & measured(capsys).keys()


async def test_a_busy_trunk_uses_its_pace_and_hands_over_when_its_time_is_up(
    dialer: DialerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    dialer.trunks.save(replace(TRUNK, cps=2))
    for number in range(1, 200):
        dialer.calls.create(make_call(number))
    await dialer.run(limits=RunLimits(claim_for_s=70)).serve(WAKE)
    found = measured(capsys)
    assert found["PaceUsed"], "a whole minute has passed"
    assert min(found["PaceUsed"]) > 90
    assert found["LaneHandovers"] == [1.0]


async def test_what_a_run_has_measured_is_written_outside_its_event_loop(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of values take longer to write than a start may be late."""
    flushed_by: list[str] = []
    monkeypatch.setattr(MetricWriter, "flush", lambda _: flushed_by.append(inspect.stack()[1].function))
    dialer.trunks.save(replace(TRUNK, cps=1))
    for number in range(1, 80):
        dialer.calls.create(make_call(number))
    await dialer.run(limits=RunLimits(claim_for_s=70)).serve(WAKE)
    assert flushed_by == ["run_inline", "write"], "once by offload, and once at the end"


async def test_a_trunk_that_starts_too_little_while_calls_wait_shows_it(
    dialer: DialerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    dialer.trunks.save(replace(TRUNK, cps=5))
    dialer.livekit.connecting_takes_s = 30
    for number in range(1, 200):
        dialer.calls.create(make_call(number))
    await dialer.run(limits=RunLimits(claim_for_s=70)).serve(WAKE)
    assert min(measured(capsys)["PaceUsed"]) < 50


async def test_since_when_nobody_answers_outlives_the_run(
    dialer: DialerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    dialer.trunks.save(replace(TRUNK, cps=50))
    dialer.livekit.answer = lambda _: BUSY
    for number in range(1, MIN_DIALS):
        dialer.calls.create(make_call(number))
    await dialer.run("run-1").serve(WAKE)
    assert set(measured(capsys)["UnansweredFor"]) == {0.0}, "too few to tell"
    dialer.clock.move_s(900)
    dialer.calls.create(make_call(MIN_DIALS + 1, expires_at_ms=dialer.clock.wall_ms() + 60_000))
    await dialer.run("run-2").serve(WAKE)
    assert max(measured(capsys)["UnansweredFor"]) >= 900
    dialer.livekit.answer = lambda _: UP
    dialer.calls.create(make_call(MIN_DIALS + 2, expires_at_ms=dialer.clock.wall_ms() + 60_000))
    await dialer.run("run-3").serve(WAKE)
    assert set(measured(capsys)["UnansweredFor"]) == {0.0}


async def test_a_livekit_that_refuses_is_counted_by_its_code(
    dialer: DialerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    dialer.livekit.dispatch_error = LiveKitUnavailable("unavailable (503)", code="unavailable")
    dialer.calls.create(make_call(1))
    await dialer.run().serve(WAKE)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "LiveKitErrors" in line]
    assert {line["code"] for line in lines} == {"unavailable"}


# Lines that wait


async def test_a_line_that_no_dialer_works_on_is_unserved(
    reconciler: ReconcilerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2, 3):
        reconciler.calls.create(make_call(number))
    reconciler.clock.move_s(300)
    await reconciler.reconcile()
    found = measured(capsys)
    assert found["CallsWaiting"] == [3.0]
    assert found["OldestWaiting"] == found["OldestUnserved"] == [pytest.approx(300, abs=1)]


async def test_a_line_whose_lane_is_held_is_served(
    reconciler: ReconcilerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    reconciler.calls.create(make_call())
    reconciler.clock.move_s(300)
    assert reconciler.lanes.take(TRUNK.id, "run-1")
    await reconciler.reconcile()
    found = measured(capsys)
    assert found["OldestWaiting"] == [pytest.approx(300, abs=1)]
    assert found["OldestUnserved"] == [0.0]


async def test_between_two_runs_a_long_line_is_not_unserved(
    reconciler: ReconcilerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    reconciler.calls.create(make_call())
    reconciler.clock.move_s(300)
    lane = reconciler.lanes.take(TRUNK.id, "run-1")
    assert lane
    reconciler.lanes.release(lane, 0)
    reconciler.clock.move_s(5)
    await reconciler.reconcile()
    assert measured(capsys)["OldestUnserved"] == [5.0]


async def test_a_lane_whose_dialer_died_is_unserved_since_its_lease_ended(
    reconciler: ReconcilerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    reconciler.calls.create(make_call())
    reconciler.clock.move_s(300)
    assert reconciler.lanes.take(TRUNK.id, "run-1")
    reconciler.clock.move_s(200)
    await reconciler.reconcile()
    assert measured(capsys)["OldestUnserved"] == [pytest.approx(196, abs=1)]


async def test_a_line_of_a_trunk_without_a_free_slot_waits_but_is_not_unserved(
    reconciler: ReconcilerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    reconciler.reconciler.trunks.save(replace(TRUNK, max_concurrent_calls=0))
    reconciler.calls.create(make_call())
    reconciler.clock.move_s(300)
    await reconciler.reconcile()
    found = measured(capsys)
    assert (found["CallsWaiting"], found["OldestUnserved"]) == ([1.0], [0.0])


async def test_nothing_is_read_or_written_of_an_empty_line(
    reconciler: ReconcilerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    await reconciler.reconcile()
    assert not {"CallsWaiting", "OldestWaiting", "OldestUnserved"} & measured(capsys).keys()
