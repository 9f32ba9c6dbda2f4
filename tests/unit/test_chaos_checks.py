"""Each invariant of the fault runs finds a history that violates it, and accepts one that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.history import CHECKS, LOG_DELAY_S, CallRecord, History, Invite, TrunkLimits, violations

A, B = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
TRUNK = "ST_1"
ANSWERED = CallRecord(A, "completed", "completed", "user_hangup", was_active=True)
BUSY = CallRecord(B, "failed", "failed", "dial_busy")


def invite(call_id: str, at_s: float, claim: str = "") -> Invite:
    return Invite(TRUNK, f"call-{call_id}{claim}", at_s)


GOOD = History(
    limits={TRUNK: TrunkLimits(cps=2, max_concurrent_calls=2)},
    accepted=frozenset({A, B}),
    calls={A: ANSWERED, B: BUSY},
    invites=(invite(A, 10.0), invite(B, 10.5, "-2")),
    packets_s={TRUNK: (1.0, 1.5, 2.01)},
    cancelled_at_s={B: 11.0},
    most_legs={TRUNK: 2},
    slots_left={TRUNK: 0},
    told=frozenset({(A, "call.started"), (A, "call.connected"), (A, "call.completed"), (B, "call.started")}),
    deliveries=frozenset({(B, "call.failed", "failed")}),
)
OPEN = replace(BUSY, status="queued", data_status="queued")
SILENT = replace(BUSY, reason=None)
BURST = tuple(invite(A, 10.0 + 0.1 * number) for number in range(3))

BAD: dict[str, list[dict[str, Any]]] = {
    "every accepted call ends with a reason": [
        {"calls": {A: ANSWERED}},
        {"calls": {A: ANSWERED, B: OPEN}},
        {"calls": {A: ANSWERED, B: SILENT}},
        {"unfinished_batches": ("bat_1: running",)},
    ],
    "no call is dialled twice": [
        {"invites": (invite(A, 10.0), invite(A, 20.0))},
        {"invites": (invite(A, 10.0), invite(A, 20.0, "-2"))},
    ],
    "no sliding second is above the budget": [
        {"packets_s": {TRUNK: (1.0, 1.5, 1.99)}},
        {"invites": BURST},
    ],
    "a cancelled call never rings": [{"cancelled_at_s": {B: 10.4}}],
    "max_concurrent_calls is never exceeded": [{"most_legs": {TRUNK: 3}}],
    "every slot is freed": [{"slots_left": {TRUNK: 1}}],
    "every event is delivered or recorded as failed": [
        {"deliveries": frozenset({(B, "call.failed", "pending")})},
        {"told": GOOD.told - {(A, "call.connected")}},
        {"calls": {A: replace(ANSWERED, status="disconnected"), B: BUSY}},
    ],
    "no secret is where it must not be": [{"leaks": ("token in api",)}],
    "every response is as documented": [{"wrong_responses": ("outbound: 500",)}],
    "everything can be read at the end": [{"unread": ("the calls of alpha: 500",)}],
}
CASES = [(name, change) for name, changes in BAD.items() for change in changes]


def test_a_good_history_violates_nothing() -> None:
    assert violations(GOOD) == {name: [] for name in CHECKS}


@pytest.mark.parametrize(("name", "change"), CASES)
def test_a_bad_history_is_found_by_its_check(name: str, change: dict[str, Any]) -> None:
    assert violations(replace(GOOD, **change))[name]


def test_every_check_has_a_history_that_violates_it() -> None:
    assert set(BAD) == set(CHECKS)


def test_a_log_that_is_late_is_no_burst() -> None:
    late = (invite(A, 10.0 + LOG_DELAY_S), invite(B, 10.515), invite(B, 11.03))
    found = violations(replace(GOOD, invites=late))
    assert found["no sliding second is above the budget"] == []


def test_a_hostile_endpoint_is_owed_nothing() -> None:
    hostile = replace(BUSY, endpoint_is_healthy=False)
    history = replace(GOOD, calls={A: ANSWERED, B: hostile}, deliveries=frozenset())
    assert violations(history)["every event is delivered or recorded as failed"] == []
