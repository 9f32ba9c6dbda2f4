"""How often a number is rung: counted as a call is taken from the line, whatever else happens to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.store.fixtures_dialer import BUSY, SOON, UP, WAKE, DialerHarness
from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS, ManualClock
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
from trunkline.storage.table import Put, Table

HOUR_MS = 3_600_000
LONG = {"expires_at_ms": NOW_MS + 48 * HOUR_MS}


def cap_at(table: Table, attempts: int, hours: int, who: Principal = ME) -> None:
    rules = NumberRulesSpec(frequency_cap=FrequencyCapSpec(max_attempts=attempts, per_hours=hours))
    ComplianceService(table, CompliancePolicy(table, ManualClock()), ManualClock()).set_number_rules(
        who, rules
    )


async def test_the_second_call_to_a_number_waits_until_it_may_ring(dialer: DialerHarness) -> None:
    cap_at(dialer.table, 1, 24)
    dialer.calls.create(make_call(1, **LONG))
    dialer.calls.create(make_call(2, **LONG))
    dialer.calls.create(make_call(3, phone_number="+15550100002", **LONG))
    dialer.livekit.answer = lambda _: UP
    await dialer.run().serve(WAKE)
    assert {dialer.load(number).state for number in (1, 3)} == {State.ACTIVE}
    held = dialer.load(2)
    assert (held.state, held.waits_for, len(dialer.livekit.invites)) == (
        State.QUEUED,
        WaitsFor.FREQUENCY,
        2,
    )
    assert held.due_ms is not None
    assert 0 <= held.due_ms - NOW_MS - 24 * HOUR_MS < 60_000
    _, events = dialer.calls.load_with_events(held.id) or (None, [])
    assert (events[-1].type, events[-1].data["reason"]) == ("queued", "called_too_often")

    dialer.clock.move_s(24 * 3600 + 60)
    dialer.calls.apply(held, enqueue_due(held, make_call(2).queue_position or "", NOW_MS), NOW_MS)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.load(2).state is State.ACTIVE


async def test_each_redial_is_an_attempt(dialer: DialerHarness) -> None:
    cap_at(dialer.table, 2, 1)
    dialer.livekit.answer = lambda _: BUSY
    dialer.calls.create(make_call(redial=SOON, **LONG))
    for run in range(3):
        await dialer.run(f"run-{run}").serve(WAKE)
        dialer.clock.move_s(1.5)
    call = dialer.load()
    assert (len(dialer.livekit.invites), call.waits_for) == (2, WaitsFor.FREQUENCY)


async def test_a_call_that_would_wait_past_its_end_is_not_taken_in(dialer: DialerHarness) -> None:
    cap_at(dialer.table, 1, 2)
    AttemptCounter(dialer.table).count(make_call(1), FrequencyCap(1, 2), NOW_MS)
    compliance = CompliancePolicy(dialer.table, ManualClock())
    with pytest.raises(NumberNotAllowed, match="called_too_often"):
        compliance.conditions(make_call(2))
    assert compliance.conditions(make_call(2, **LONG)) == ()
    assert compliance.conditions(make_call(2, phone_number="+15550100002")) == ()
    assert compliance.conditions(make_call(2, tenant_id="tenant-2")) == ()


def test_an_attempt_is_counted_once_however_often_it_is_taken(table: Table) -> None:
    rung, cap = AttemptCounter(table), FrequencyCap(2, 24)
    for later in range(3):
        assert rung.count(make_call(1), cap, NOW_MS + later) == NOW_MS + later
    assert rung.count(make_call(2), cap, NOW_MS) == NOW_MS
    assert rung.count(make_call(1), cap, NOW_MS + 5) == NOW_MS + 5
    assert rung.count(make_call(3), cap, NOW_MS) == NOW_MS + 24 * HOUR_MS
    assert rung.count(make_call(3, livemode=False), cap, NOW_MS) == NOW_MS
    assert rung.count(make_call(3, tenant_id="tenant-2"), cap, NOW_MS) == NOW_MS


def test_two_spellings_of_a_number_share_its_cap(table: Table) -> None:
    rung, cap = AttemptCounter(table), FrequencyCap(1, 24)
    assert rung.count(make_call(1, phone_number="+447911123456"), cap, NOW_MS) == NOW_MS
    assert rung.count(make_call(2, phone_number="+4407911123456"), cap, NOW_MS) > NOW_MS


@pytest.mark.parametrize("called", ["+5491123456789", "+541123456789"])
def test_attempts_that_an_earlier_version_counted_under_another_spelling_count(
    table: Table, called: str
) -> None:
    cap, counter, call = FrequencyCap(2, 1), AttemptCounter(table), make_call(1, phone_number=called)
    old: dict[str, Any] = {"pk": f"RUNG#{call.tenant_mode}#+5491123456789", "sk": "RUNG"}
    table.write(Put(old | {"attempts": {"earlier#1": NOW_MS - 1}, "version": 7}))
    assert counter.count(call, cap, NOW_MS) == NOW_MS
    later = make_call(2, phone_number=called)
    again_ms = NOW_MS - 1 + HOUR_MS
    assert counter.next_allowed_ms(later, cap, NOW_MS) == again_ms
    assert counter.count(later, cap, NOW_MS) == again_ms
    assert counter.count(later, cap, again_ms) == again_ms


def test_calls_of_many_lanes_at_once_are_counted_one_after_the_other(table: Table) -> None:
    rung, cap = AttemptCounter(table), FrequencyCap(3, 1)

    def take(number: int) -> bool:
        return rung.count(make_call(number), cap, NOW_MS) == NOW_MS

    with ThreadPoolExecutor(12) as pool:
        first = sum(pool.map(take, range(12)))
    assert 1 <= first <= 3
    # Who found it busy looks again a second later.
    assert first + sum(take(number) for number in range(20, 30)) == 3


def test_who_has_no_cap_pays_nothing(outbound: OutboundHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    compliance = CompliancePolicy(outbound.table, ManualClock())
    compliance.of("tenant-1")
    monkeypatch.setattr(outbound.table, "get", None)
    assert compliance.next_allowed_ms(make_call(), NOW_MS) == NOW_MS
    assert compliance.conditions(make_call()) == ()


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
