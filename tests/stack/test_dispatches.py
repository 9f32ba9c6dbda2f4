"""LiveKit's AgentDispatchService through the API: every field, both spellings, live and gone rooms."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.stack.fixtures_livekit import Control
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow, start_workflow_call

JOB_FIELDS = {
    *("id", "dispatch_id", "type", "room", "participant", "metadata", "agent_name", "state"),
    "enable_recording",
}
JOB_STATE_FIELDS = {
    *("status", "error", "started_at", "ended_at", "updated_at", "participant_identity"),
    *("worker_id", "agent_id"),
}


def dispatches(tenant: Tenant, call_id: str, **query: str) -> list[dict[str, Any]]:
    answer = tenant.api.get(f"/api/v1/calls/{call_id}/dispatches", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["agent_dispatches"])


@pytest.fixture
def live(tenant: Tenant, control: Control) -> str:
    """A web call in which person and agent talk."""
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    control("joins", token=opened["token"])
    tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    return str(opened["call_id"])


def test_an_agent_is_added_to_a_live_call_listed_and_taken_out(tenant: Tenant, live: str) -> None:
    tenant.api.post("/api/v1/agents", json={"name": "Bea", "livekit_agent_name": "bea"})
    path = f"/api/v1/calls/{live}/dispatches"
    asked_s = int(time.time())
    answer = tenant.api.post(
        path, json={"agentName": "Bea", "metadata": "as it is", "restartPolicy": "JRP_NEVER"}
    )
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert added["id"].startswith("AD_")
    assert (added["agent_name"], added["metadata"], added["room"]) == ("bea", "as it is", f"call-{live}")
    assert added["restart_policy"] == "JRP_NEVER"
    assert asked_s <= added["state"]["created_at"] <= time.time()
    assert added["state"]["deleted_at"] == 0
    assert {each["agent_name"] for each in dispatches(tenant, live)} == {"ada", "bea"}
    for name in ("dispatch_id", "dispatchId"):
        assert [each["id"] for each in dispatches(tenant, live, **{name: added["id"]})] == [added["id"]]
    (sent,) = poll(
        lambda: dispatches(tenant, live, dispatch_id=added["id"]), lambda found: found[0]["state"]["jobs"]
    )
    jobs = sent["state"]["jobs"]
    assert set(jobs[0]) == JOB_FIELDS
    assert set(jobs[0]["state"]) == JOB_STATE_FIELDS
    assert (jobs[0]["type"], jobs[0]["state"]["status"]) == ("JT_ROOM", "JS_RUNNING")
    assert asked_s <= jobs[0]["state"]["started_at"] <= time.time()
    gone = tenant.api.delete(f"{path}/{added['id']}")
    assert (gone.status_code, gone.json()["id"]) == (200, added["id"])
    again = tenant.api.delete(f"{path}/{added['id']}")
    assert (again.status_code, again.json()["error"]["message"]) == (404, "Dispatch not found")


def test_a_room_that_is_gone_has_no_dispatches(tenant: Tenant) -> None:
    create_workflow(tenant)
    pending = start_workflow_call(tenant)["call_id"]
    assert dispatches(tenant, pending) == []
    tenant.cancel(pending)
    assert dispatches(tenant, pending) == []
    answer = tenant.api.post(f"/api/v1/calls/{pending}/dispatches", json={"agent_name": "Ada"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "call_ended")


def test_a_call_that_waits_has_no_room_yet(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    call_id = tenant.placed()
    answer = tenant.api.post(f"/api/v1/calls/{call_id}/dispatches", json={"agent_name": "Ada"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "call_not_ready")
    assert dispatches(tenant, call_id) == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "agent_name"),
        ({"agent_name": ""}, 400, "agent_name"),
        ({"agentName": "Ada", "metadata": {}}, 400, "metadata"),
        ({"agent_name": "Ada", "restart_policy": "sometimes"}, 400, "restart_policy"),
        ({"agent_name": "Ada", "room": "lobby"}, 400, "room"),
        ({"agent_name": "somebody-elses-worker"}, 404, None),
    ],
)
def test_bad_input(tenant: Tenant, live: str, body: dict[str, Any], status: int, field: str | None) -> None:
    answer = tenant.api.post(f"/api/v1/calls/{live}/dispatches", json=body)
    assert (answer.status_code, answer.json()["error"].get("field")) == (status, field), answer.text


def test_livekits_own_errors_become_ours(tenant: Tenant, live: str, control: Control) -> None:
    method = "AgentDispatchService/CreateDispatch"
    control("faults", method=method, how="error_before", times=1, about=f"call-{live}")
    answer = tenant.api.post(f"/api/v1/calls/{live}/dispatches", json={"agent_name": "Ada"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "livekit_failed")


async def test_another_tenants_call_is_missing(tenant: Tenant, live: str, make_tenant: MakeTenant) -> None:
    other = await make_tenant()
    path = f"/api/v1/calls/{live}/dispatches"
    assert other.api.get(path).status_code == 404
    assert other.api.post(path, json={"agent_name": "Ada"}).status_code == 404
    assert other.api.delete(f"{path}/AD_x").status_code == 404
