"""Redials, windows and deadlines through the deployed API, with the carrier's log as the oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.support.tenant import Tenant

BUSY, DECLINES = "+15550100002", "+15550100005"
WORKDAY = {"start": "09:00", "end": "20:00"}
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def tomorrow() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def test_a_busy_callee_is_dialled_again_and_every_attempt_is_recorded(tenant: Tenant) -> None:
    call_id = tenant.placed(BUSY, redial={"maxAttempts": 3, "retryOn": ["busy"], "intervals": [3, 1]})
    waiting = tenant.wait(call_id, lambda call: call["queue_state"] == "waiting_for_retry")
    assert (waiting["status"], waiting["data"]["status"]) == ("queued", "queued")
    assert waiting["estimated_start"]
    assert waiting["timeline"][-1]["reason"] == "dial_busy"
    call = tenant.wait_for_end(call_id)
    assert (call["status"], call["failure_reason"], call["sip_status_code"]) == ("failed", "dial_busy", 486)
    assert [(past["number"], past["reason"]) for past in call["attempts"]] == [
        (1, "dial_busy"),
        (2, "dial_busy"),
        (3, "dial_busy"),
    ]
    invites = tenant.invites()
    assert [invite["room"] for invite in invites] == [past["room_name"] for past in call["attempts"]]
    gaps = [later["t"] - earlier["t"] for earlier, later in pairwise(invites)]
    assert gaps[0] >= 3
    assert gaps[1] >= 1


async def test_an_agents_policy_holds_for_its_calls(make_tenant: Any) -> None:
    policy = {"max_attempts": 2, "retry_on": ["declined"], "intervals": [1]}
    tenant: Tenant = await make_tenant(agent={"redial": policy})
    assert len(tenant.wait_for_end(tenant.placed(DECLINES))["attempts"]) == 2
    assert len(tenant.wait_for_end(tenant.placed(BUSY))["attempts"]) == 1
    once = tenant.placed(DECLINES, redial={"maxAttempts": 1})
    assert len(tenant.wait_for_end(once)["attempts"]) == 1


def test_a_call_outside_its_window_waits_for_it_and_never_rings_before(tenant: Tenant) -> None:
    day = DAYS[tomorrow().weekday()]
    window = {"start": "00:00", "end": "24:00", "days": [day], "timezone": "UTC"}
    call_id = tenant.placed(BUSY, callingWindow=window)
    call = tenant.call(call_id)
    assert (call["queue_state"], call["queue_position"]) == ("outside_window", None)
    assert datetime.fromisoformat(call["estimated_start"]) == tomorrow()
    assert datetime.fromisoformat(call["expires_at"]) > tomorrow()
    cancelled = tenant.cancel(call_id)
    assert cancelled["data"]["status"] == "cancelled"
    always = {"start": "00:00", "end": "24:00", "days": DAYS}
    rung = tenant.placed("+14155552671", callingWindow=always)
    tenant.wait_for_end(rung)
    assert [invite["room"][5:41] for invite in tenant.invites()] == [rung]


def test_a_call_to_nobody_knows_where_is_held_until_its_owner_says(tenant: Tenant) -> None:
    always = {"start": "00:00", "end": "24:00", "days": DAYS}
    call_id = tenant.placed("+881612345678", callingWindow=always)
    call = tenant.call(call_id)
    assert (call["queue_state"], call["estimated_start"]) == ("unknown_zone", None)
    wrong = tenant.api.patch(f"/api/v1/calls/{call_id}", json={"timezone": "Nowhere"})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "timezone")
    tenant.api.patch(f"/api/v1/calls/{call_id}", json={"timezone": "Europe/Berlin"}).raise_for_status()
    tenant.wait_for_end(call_id)
    assert len(tenant.invites()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"redial": {"maxAttempts": 0}}, "redial"),
        ({"redial": {"maxAttempts": 2, "retryOn": ["rain"]}}, "redial"),
        ({"redial": 3}, "redial"),
        ({"callingWindow": {"start": "09:00", "end": "09:00"}}, "callingWindow"),
        ({"callingWindow": {"start": "09:00", "end": "20:00", "timezone": "Nowhere"}}, "callingWindow"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2126-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2026-12-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": 5}, "expiresAt"),
    ],
)
def test_bad_policies_are_refused_with_their_field(
    tenant: Tenant, change: dict[str, Any], field: str
) -> None:
    answer = tenant.place(**change)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


async def test_a_call_that_passes_its_deadline_in_the_line_ends_with_that_reason(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant(cps=0.1)
    tenant.wait_for_end(tenant.placed(BUSY))
    expires = datetime.now(UTC) + timedelta(seconds=3)
    call_id = tenant.placed(BUSY, expiresAt=expires.isoformat())
    call = tenant.wait_for_end(call_id)
    assert (call["status"], call["status_reason"]) == ("timeout", "expired")
    assert all(call_id not in invite["room"] for invite in tenant.invites())
