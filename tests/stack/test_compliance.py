"""Whom a tenant may call, on the deployed stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.scheduled_calls import post_scheduled_call, schedule_call
from tests.support.tenant import Tenant

NUMBER = "+15550100001"


def suppress(tenant: Tenant, *numbers: str) -> None:
    answer = tenant.api.post("/api/v1/suppressions", json={"numbers": list(numbers), "reason": "asked"})
    assert answer.json() == {"suppressed": len(numbers)}, answer.text


def test_a_suppressed_number_is_not_called_whatever_asks_for_it(tenant: Tenant) -> None:
    suppress(tenant, "+15550199999")  # the list is there before anything is known of its tenant
    workflow = {"slug": "w", "channel": "phone", "entry_agent": "Ada"}
    tenant.api.post("/api/v1/workflows", json=workflow).raise_for_status()
    tenant.change_trunk(paused=True)
    waiting, later = tenant.placed(NUMBER), schedule_call(tenant, 8, phoneNumber=NUMBER)
    suppress(tenant, NUMBER)
    by_workflow = {"workflow_slug": "w", "user_id": "u", "user_context": {"phone": NUMBER}}
    for answer in (
        tenant.place(NUMBER),
        tenant.api.post("/api/v1/calls", json=by_workflow),
        post_scheduled_call(tenant, 3600, phoneNumber=NUMBER),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["type"]) == (403, "suppressed")
        assert error["message"] == "Number is on the suppression list"
    tenant.change_trunk(paused=False)
    for call_id in (waiting, later):
        call = tenant.wait_for_end(call_id)
        assert (call["status"], call["status_reason"]) == ("failed", "suppressed")
        assert call["timeline"][-1]["reason"] == "suppressed"
    assert tenant.invites() == []
    with tenant.client(livemode=False) as practising:
        assert practising.get("/api/v1/suppressions").json()["data"] == []
    assert tenant.api.delete(f"/api/v1/suppressions/{NUMBER}").status_code == 200
    tenant.wait_for_end(tenant.placed(NUMBER))
    assert len(tenant.invites()) == 1


def test_the_list_in_pages(tenant: Tenant) -> None:
    suppress(tenant, *(f"+1555010{n:04d}" for n in range(250)))
    first = tenant.api.get("/api/v1/suppressions", params={"limit": 200}).json()
    rest = tenant.api.get("/api/v1/suppressions", params={"cursor": first["next_cursor"]}).json()
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (200, 50, None)
    shown = tenant.api.get("/api/v1/suppressions/15550100007").json()
    assert (shown["number"], shown["reason"]) == ("+15550100007", "asked")


NO_MORE = {"frequency_cap": None, "default_timezone": None}


@pytest.mark.parametrize(
    ("number", "why"),
    [(NUMBER, "denied_prefix"), ("+4930123456", "not_an_allowed_prefix"), ("+1911", "emergency")],
)
def test_prefixes(tenant: Tenant, number: str, why: str) -> None:
    rules = {"allowed_prefixes": ["+1"], "denied_prefixes": ["+1555"]}
    assert tenant.api.put("/api/v1/number-rules", json=rules).json() == rules | NO_MORE
    answer = tenant.place(number)
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "number_not_allowed")
    assert answer.json()["error"]["message"].endswith(why)
    assert tenant.api.get("/api/v1/number-rules").json() == rules | NO_MORE


def test_a_number_is_rung_as_often_as_may_be(tenant: Tenant) -> None:
    cap = {"frequency_cap": {"max_attempts": 1, "per_hours": 24}}
    shown = tenant.api.put("/api/v1/number-rules", json=cap).json()
    assert shown == {"allowed_prefixes": [], "denied_prefixes": [], "default_timezone": None} | cap
    tenant.wait_for_end(tenant.placed(NUMBER))
    answer = tenant.place(NUMBER)
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "number_not_allowed"), answer.text
    assert answer.json()["error"]["message"].endswith("called_too_often")

    until = datetime.now(UTC) + timedelta(hours=25)
    patient = tenant.placed(NUMBER, expiresAt=until.isoformat())
    call = tenant.wait(patient, lambda seen: seen["queue_state"] == "called_too_often")
    assert call["estimated_start"] is not None
    assert len(tenant.invites()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"frequency_cap": {"max_attempts": 0}},
        {"allowed_prefixes": ["1"]},
        {"denied_prefixes": "+1"},
        {"x": []},
    ],
)
def test_bad_rules_are_refused(tenant: Tenant, wrong: Any) -> None:
    assert tenant.api.put("/api/v1/number-rules", json=wrong).status_code == 400
