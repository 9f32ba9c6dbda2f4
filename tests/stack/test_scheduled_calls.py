"""Calls for a time, on the deployed stack: they ring then, once, unless they were changed or cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.support.scheduled_calls import in_seconds, post_scheduled_call, schedule_call
from tests.support.tenant import Tenant


def change(tenant: Tenant, call_id: str, **wish: Any) -> httpx.Response:
    return tenant.api.patch(f"/api/v1/calls/{call_id}", json=wish)


def test_it_waits_and_rings_at_its_time(tenant: Tenant) -> None:
    answer = post_scheduled_call(tenant, 5, priority=0, metadata={"campaign": "x"})
    data = answer.json()["data"]
    assert (answer.status_code, data["status"], data["metadata"]["campaign"]) == (201, "scheduled", "x")
    listed = tenant.api.get("/api/v1/calls", params={"status": "scheduled"}).json()["data"]
    assert [call["call_id"] for call in listed] == [data["id"]]
    shown = tenant.call(data["id"])
    assert (shown["status"], shown["queue_state"]) == ("scheduled", "scheduled")
    assert shown["estimated_start"] == shown["earliest_at"] == data["earliestAt"]
    call = tenant.wait_for_end(data["id"])
    assert call["data"]["status"] == "completed"
    statuses = [entry["status"] for entry in call["timeline"]]
    assert statuses == ["initiated", "scheduled", "queued", "connecting", "active", "completed"]
    begun = datetime.fromisoformat(call["attempts"][0]["connecting_at"])
    assert begun >= datetime.fromisoformat(data["earliestAt"])
    assert len(tenant.invites()) == 1


def test_a_change_counts_and_a_cancelled_one_never_rings(tenant: Tenant) -> None:
    put_off, cancelled, witness = (schedule_call(tenant, 10) for _ in range(3))
    assert change(tenant, put_off, earliestAt=in_seconds(3600), priority=1).json()["priority"] == 1
    tenant.cancel(cancelled)
    tenant.wait_for_end(witness)
    assert [invite["room"] for invite in tenant.invites()] == [f"call-{witness}"], "their time has come, too"
    assert tenant.call(put_off)["status"] == "scheduled"
    assert tenant.call(cancelled)["status_reason"] == "cancelled"
    assert change(tenant, put_off, earliestAt=in_seconds(1)).status_code == 200
    assert tenant.wait_for_end(put_off)["data"]["status"] == "completed"
    ended = change(tenant, put_off, priority=1)
    assert (ended.status_code, ended.json()["error"]["type"]) == (409, "call_ended")
    assert len(tenant.invites()) == 2


def test_what_is_in_the_line_is_not_changed(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    assert tenant.call(schedule_call(tenant, 3600))["queue_state"] == "scheduled", (
        "a pause today is no matter"
    )
    call_id = tenant.placed()
    refused = change(tenant, call_id, priority=0)
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "call_not_scheduled")


def test_a_repeat_schedules_nothing_twice(tenant: Tenant) -> None:
    body = {"agentId": tenant.agent.id, "phoneNumber": "+15550100001", "earliestAt": in_seconds(3600)}
    once = {"Idempotency-Key": "campaign-1"}
    first, again = (tenant.api.post("/api/v1/calls/schedule", json=body, headers=once) for _ in range(2))
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(tenant.api.get("/api/v1/calls").json()["data"]) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"earliestAt": "2020-01-01T00:00:00Z"}, "earliestAt"),
        ({"earliestAt": "2026-03-29T02:30:00"}, "earliestAt"),
        ({"earliestAt": "soon"}, "earliestAt"),
        ({"latestAt": "2020-01-01T00:00:00Z"}, "latestAt"),
        ({"phoneNumber": "+1"}, "phoneNumber"),
    ],
)
def test_bad_input_is_refused_with_its_field(tenant: Tenant, wrong: dict[str, Any], field: str) -> None:
    body = {"agentId": tenant.agent.id, "phoneNumber": "+15550100001", "earliestAt": in_seconds(60)} | wrong
    answer = tenant.api.post("/api/v1/calls/schedule", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
