"""Schedules on the deployed stack: EventBridge ticks, the phone rings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.deployment import client
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow

NUMBER = "+15550100001"


def schedule(tenant: Tenant, **more: Any) -> dict[str, Any]:
    body = {"agentId": tenant.agent.id, "phoneNumber": NUMBER, "metadata": {"for": "{{schedule.date}}"}}
    wish = {"name": "daily", "kind": "outbound", "body": body, "cron": "0 9 1 1 *"} | more
    answer = tenant.api.post("/api/v1/schedules", json=wish)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def runs(tenant: Tenant, made_: dict[str, Any]) -> list[dict[str, Any]]:
    return list(tenant.api.get(f"/api/v1/schedules/{made_['id']}/runs").json()["data"])


def wait_for_runs(tenant: Tenant, made_: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Its runs, when there are so many."""
    return poll(lambda: runs(tenant, made_), lambda found: len(found) >= count)


def tick(tenant: Tenant, made_: dict[str, Any], due_at: str) -> None:
    """What EventBridge puts into the queue."""
    config, group = tenant.stack.config, tenant.stack.outputs.values["ScheduleGroupName"]
    seen = client(config, "scheduler").get_schedule(GroupName=group, Name=made_["id"])
    name = seen["Target"]["Arn"].rsplit(":", 1)[1]
    sqs = client(config, "sqs")
    said = json.loads(seen["Target"]["Input"]) | {"due_at": due_at}
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=json.dumps(said))


def test_eventbridge_ticks_and_a_phone_rings(tenant: Tenant) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=4)
    once = schedule(tenant, cron=None, at=soon.isoformat())
    assert once["next_runs"][0][:19] == soon.isoformat()[:19]
    run = wait_for_runs(tenant, once, 1)[0]
    assert (run["outcome"], run["due_at"]) == ("called", once["at"])
    call = tenant.wait_for_end(run["call_id"])
    assert (call["status"], call["data"]["metadata"]["source"]) == ("completed", "schedule")
    assert call["data"]["metadata"]["for"] == soon.date().isoformat()
    assert len(tenant.invites()) == 1
    assert tenant.api.get(f"/api/v1/schedules/{once['id']}").json()["next_runs"] == []


def test_a_tick_delivered_twice_makes_one_call(tenant: Tenant) -> None:
    create_workflow(tenant)
    body = {"workflow_slug": "onboarding", "user_id": "u-7", "user_context": {"auth_token": "s3cret"}}
    mine = schedule(tenant, kind="workflow", body=body)
    assert mine["body"]["user_context"] == {"auth_token": "[hidden]"}
    first, second, *_ = mine["next_runs"]
    for due_at in (first, first, second):
        tick(tenant, mine, due_at)
    assert sorted(run["outcome"] for run in wait_for_runs(tenant, mine, 3)) == [
        "called",
        "called",
        "duplicate",
    ]
    assert len(tenant.api.get("/api/v1/calls").json()["data"]) == 2


def test_pause_resume_run_now_change_and_delete(tenant: Tenant) -> None:
    mine = schedule(tenant, timezone="Europe/Berlin", cron="30 2 * * *")
    path = f"/api/v1/schedules/{mine['id']}"
    assert tenant.api.post(f"{path}/pause").json()["next_runs"] == []
    tick(tenant, mine, mine["next_runs"][0])
    answer = tenant.api.post(f"{path}/run", headers={"Idempotency-Key": "now"})
    assert (answer.status_code, answer.json()["outcome"]) == (201, "called"), answer.text
    assert tenant.api.post(f"{path}/run", headers={"Idempotency-Key": "now"}).json() == answer.json()
    assert tenant.wait_for_end(answer.json()["call_id"])["status"] == "completed"
    assert len(runs(tenant, mine)) == 1, "a paused one does not tick"
    assert len(tenant.api.post(f"{path}/resume").json()["next_runs"]) == 5
    assert tenant.api.patch(path, json={"rate": "2 hours"}).json()["cron"] is None
    assert tenant.api.patch(path, json={"rate": "2 parsecs"}).status_code == 400
    listed = tenant.api.get("/api/v1/schedules").json()["data"]
    assert [each["id"] for each in listed] == [mine["id"]]
    assert tenant.api.delete(path).status_code == 200
    assert tenant.api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cron": "0 9 * *"}, "five fields"),
        ({"timezone": "Mars/Olympus"}, "IANA"),
        ({"cron": None, "at": "2020-01-01T00:00:00Z"}, "never fires"),
        ({"kind": "workflow", "body": {"workflow_slug": "theirs", "user_id": "u"}}, "a workflow of yours"),
        ({"body": {"agentId": "x"}}, "body"),
    ],
)
def test_bad_schedules_are_refused(tenant: Tenant, wrong: dict[str, Any], says: str) -> None:
    wish = {"name": "s", "kind": "outbound", "cron": "0 9 * * *"}
    body = {"agentId": tenant.agent.id, "phoneNumber": NUMBER}
    answer = tenant.api.post("/api/v1/schedules", json=wish | {"body": body} | wrong)
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (400, True), answer.text


def test_a_test_keys_schedule_makes_test_calls(tenant: Tenant) -> None:
    with tenant.client(livemode=False) as practising:
        wish = {"name": "p", "kind": "outbound", "cron": "0 9 * * *"}
        body = {"agentId": tenant.agent.id, "phoneNumber": "+15550100001"}
        mine = practising.post("/api/v1/schedules", json=wish | {"body": body}).json()
        run = practising.post(f"/api/v1/schedules/{mine['id']}/run").json()
        assert practising.get(f"/api/v1/calls/{run['call_id']}").json()["livemode"] is False
    assert tenant.api.get(f"/api/v1/schedules/{mine['id']}").status_code == 404
