"""How often a number is rung: counted as a call is taken from the line, whatever else happens to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.builders import NOW_MS, ManualClock, a_call
from tests.store.conftest import Bench
from tests.store.test_desk import ME, Scene
from tests.store.test_redial import BUSY, SOON, UP, WAKE, load, move_s
from trunkline.auth.principal import Principal
from trunkline.calls.states import State
from trunkline.calls.transitions import enqueue_due
from trunkline.calls.value_objects import WaitsFor
from trunkline.compliance.attempt_counter import AttemptCounter
from trunkline.compliance.frequency_cap import FrequencyCap
from trunkline.compliance.policy import CompliancePolicy
from trunkline.compliance.service import ComplianceService, FrequencyCapSpec, NumberRulesSpec
from trunkline.core.errors import InvalidRequest, NumberNotAllowed
from trunkline.core.validation import validated
from trunkline.storage.table import Table

HOUR_MS = 3_600_000
LONG = {"expires_at_ms": NOW_MS + 48 * HOUR_MS}


def cap_at(table: Table, attempts: int, hours: int, who: Principal = ME) -> None:
    rules = NumberRulesSpec(frequency_cap=FrequencyCapSpec(max_attempts=attempts, per_hours=hours))
    ComplianceService(table, CompliancePolicy(table, ManualClock()), ManualClock()).set_rules(who, rules)


async def test_the_second_call_to_a_number_waits_until_it_may_ring(bench: Bench) -> None:
    cap_at(bench.table, 1, 24)
    bench.calls.accept(a_call(1, **LONG))
    bench.calls.accept(a_call(2, **LONG))
    bench.calls.accept(a_call(3, phone_number="+15550100002", **LONG))
    bench.livekit.answer = lambda _: UP
    await bench.run().serve(WAKE)
    assert {load(bench, number).state for number in (1, 3)} == {State.ACTIVE}
    held = load(bench, 2)
    assert (held.state, held.waits_for, len(bench.livekit.invites)) == (
        State.QUEUED,
        WaitsFor.FREQUENCY,
        2,
    )
    assert held.due_ms is not None
    assert 0 < held.due_ms - NOW_MS - 24 * HOUR_MS < 60_000
    _, events = bench.calls.story(held.id) or (None, [])
    assert (events[-1].type, events[-1].data["reason"]) == ("queued", "called_too_often")

    move_s(bench, 24 * 3600 + 60)
    bench.calls.change(held, enqueue_due(held, a_call(2).line_place or "", NOW_MS), NOW_MS)
    await bench.run("run-2").serve(WAKE)
    assert load(bench, 2).state is State.ACTIVE


async def test_each_redial_is_an_attempt(bench: Bench) -> None:
    cap_at(bench.table, 2, 1)
    bench.livekit.answer = lambda _: BUSY
    bench.calls.accept(a_call(redial=SOON, **LONG))
    for run in range(3):
        await bench.run(f"run-{run}").serve(WAKE)
        move_s(bench, 1.5)
    call = load(bench)
    assert (len(bench.livekit.invites), call.waits_for) == (2, WaitsFor.FREQUENCY)


async def test_a_call_that_would_wait_past_its_end_is_not_taken_in(bench: Bench) -> None:
    cap_at(bench.table, 1, 2)
    AttemptCounter(bench.table).count(a_call(1), FrequencyCap(1, 2), NOW_MS)
    rulebook = CompliancePolicy(bench.table, ManualClock())
    with pytest.raises(NumberNotAllowed, match="called_too_often"):
        rulebook.checks(a_call(2))
    assert rulebook.checks(a_call(2, **LONG)) == ()
    assert rulebook.checks(a_call(2, phone_number="+15550100002")) == ()
    assert rulebook.checks(a_call(2, tenant_id="tenant-2")) == ()


def test_an_attempt_is_counted_once_however_often_it_is_taken(table: Table) -> None:
    rung, cap = AttemptCounter(table), FrequencyCap(2, 24)
    for later in range(3):
        assert rung.count(a_call(1), cap, NOW_MS + later) == NOW_MS + later
    assert rung.count(a_call(2), cap, NOW_MS) == NOW_MS
    assert rung.count(a_call(1), cap, NOW_MS + 5) == NOW_MS + 5
    assert rung.count(a_call(3), cap, NOW_MS) == NOW_MS + 24 * HOUR_MS
    assert rung.count(a_call(3, livemode=False), cap, NOW_MS) == NOW_MS
    assert rung.count(a_call(3, tenant_id="tenant-2"), cap, NOW_MS) == NOW_MS


def test_calls_of_many_lanes_at_once_are_counted_one_after_the_other(table: Table) -> None:
    rung, cap = AttemptCounter(table), FrequencyCap(3, 1)

    def take(number: int) -> bool:
        return rung.count(a_call(number), cap, NOW_MS) == NOW_MS

    with ThreadPoolExecutor(12) as pool:
        first = sum(pool.map(take, range(12)))
    assert 1 <= first <= 3
    # Who found it busy looks again a second later.
    assert first + sum(take(number) for number in range(20, 30)) == 3


def test_who_has_no_cap_pays_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    rulebook = CompliancePolicy(scene.table, ManualClock())
    rulebook.of("tenant-1")
    monkeypatch.setattr(scene.table, "get", None)
    assert rulebook.opens_ms(a_call(), NOW_MS) == NOW_MS
    assert rulebook.checks(a_call()) == ()


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


@pytest.mark.parametrize(
    "cap",
    [
        {},
        {"max_attempts": 1},
        {"max_attempts": 0, "per_hours": 1},
        {"max_attempts": 101, "per_hours": 1},
        {"max_attempts": 1, "per_hours": 721},
        {"max_attempts": "1", "per_hours": 1},
        {"max_attempts": 1, "per_hours": 1, "x": 1},
        [],
        5,
    ],
)
def test_bad_caps_are_refused(cap: Any) -> None:
    with pytest.raises(InvalidRequest, match="frequency_cap"):
        validated(NumberRulesSpec, {"frequency_cap": cap})
