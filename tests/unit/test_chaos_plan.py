"""A chaos plan is a function of its seed and length, and within a few seeds has every fault."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.chaos.__main__ import summary
from tests.chaos.plan import AWS_SERVICES, FUNCTIONS, QUIET_S, TENANTS, ActionKind, FaultKind, make_plan
from tests.chaos.run import RunResult
from tests.faults.history import CallRecord, History, Invite, violations
from trunkline.calls.test_numbers import TEST_NUMBERS

MINUTES = 5


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_the_same_seed_gives_the_same_plan(seed: int) -> None:
    plan = make_plan(seed, MINUTES)
    assert plan == make_plan(seed, float(MINUTES))
    assert json.loads(json.dumps(plan.as_json()))["seed"] == seed


def test_other_seeds_and_lengths_give_other_plans() -> None:
    plans = [make_plan(seed, minutes) for seed in (1, 2, 3) for minutes in (1, MINUTES)]
    assert len({(plan.faults, plan.actions) for plan in plans}) == len(plans)


def test_everything_happens_within_the_run() -> None:
    plan = make_plan(1, MINUTES)
    assert all(QUIET_S < fault.at_s < MINUTES * 60 for fault in plan.faults)
    assert all(0 < action.at_s < MINUTES * 60 for action in plan.actions)
    assert {action.number for action in plan.actions} <= set(TEST_NUMBERS)


def test_a_few_seeds_have_every_fault_tenant_and_kind_of_request() -> None:
    plans = [make_plan(seed, MINUTES) for seed in range(1, 6)]
    faults = [fault for plan in plans for fault in plan.faults]
    actions = [action for plan in plans for action in plan.actions]
    assert {fault.kind for fault in faults} == set(FaultKind)
    assert {fault.target for fault in faults} >= {*FUNCTIONS, *AWS_SERVICES}
    assert {action.tenant for action in actions} == set(TENANTS)
    assert {action.kind for action in actions} == set(ActionKind)
    assert any(action.cancel_after_s is not None for action in actions)


def test_a_run_that_fails_says_what_was_violated_and_how_to_repeat_it() -> None:
    history = History(limits={}, accepted=frozenset({"c1"}), calls={}, invites=())
    result = RunResult(
        make_plan(7, 2.5), ["1.0 s  kill dialer"], {}, {}, history, violations(history), 3.0, 9
    )
    text = summary(result)
    assert "✗ every accepted call ends with a reason\n    c1: accepted, but not found" in text
    assert "✓ no call is dialled twice" in text
    assert text.endswith("Replay: make chaos SEED=7 MINUTES=2.5")
    kept = replace(history, accepted=frozenset(), invites=(Invite("ST_1", "call-c1", 1.0),))
    assert "Replay" not in summary(replace(result, history=kept, violations=violations(kept)))


def test_a_run_that_dialled_nearly_nobody_proves_nothing() -> None:
    calls = {str(number): CallRecord(str(number), "failed", "failed", "expired") for number in range(10)}
    one = History(limits={}, accepted=frozenset(), calls=calls, invites=(Invite("ST_1", "call-0", 1.0),))
    nothing_found: dict[str, list[str]] = {}
    result = RunResult(make_plan(1, 1), [], {}, {}, one, nothing_found, 3.0, 9)
    assert not result.is_green
    assert "too few calls were dialled" in summary(result)
    two = replace(one, invites=(*one.invites, Invite("ST_1", "call-1", 2.0)))
    assert replace(result, history=two).is_green
