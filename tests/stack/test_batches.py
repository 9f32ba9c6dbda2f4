"""Batches through the deployed stack: an upload, Step Functions, the line, the counts, the results."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx

from local.deployment import client
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.polling import poll
from tests.support.tenant import Tenant


def wait_for_status(api: httpx.Client, batch_id: str, *statuses: str) -> dict[str, Any]:
    """Poll until a batch has one of these statuses."""
    return poll(
        lambda: dict(api.get(f"/api/v1/batches/{batch_id}").json()), lambda batch: batch["status"] in statuses
    )


def template(agent_id: str) -> dict[str, Any]:
    metadata = {"name": "{{row.name}}"}
    return {"agentId": agent_id, "phoneNumber": "{{row.phone}}", "metadata": metadata, "testSpeed": 100}


def test_a_csv_campaign_from_upload_to_export(tenant: Tenant, test_mode_client: httpx.Client) -> None:
    wish = {"name": "autumn", "body": template(tenant.agent.id)}
    made = test_mode_client.post("/api/v1/batches", json=wish)
    assert made.status_code == 201, made.text
    batch = made.json()
    # The magic numbers of test mode: answered, busy, and one that is none.
    text = "\ufeffid;phone;name\r\na;+15550100001;Ann\r\nb;+15550100002;Bob\r\n"
    text += "c;none;Cy\r\nd;+15550100001;Di\r\n"
    http.put(batch["upload"]["url"], content=text.encode()).raise_for_status()
    started = test_mode_client.post(f"/api/v1/batches/{batch['id']}/start")
    assert started.status_code == 200, started.text
    done = wait_for_status(test_mode_client, batch["id"], "completed")
    assert (done["progress"]["accepted"], done["progress"]["refused"], done["progress"]["ended"]) == (2, 2, 2)
    rows = test_mode_client.get(f"/api/v1/batches/{batch['id']}/results").json()["data"]
    assert [(row["id"], row["status"], row["error_type"]) for row in rows][2:] == [
        ("c", "refused", "invalid_request"),
        ("d", "refused", "duplicate"),
    ]
    call = test_mode_client.get(f"/api/v1/calls/{rows[0]['call_id']}").json()
    assert (call["batch"], call["data"]["metadata"]["name"]) == (
        {"id": batch["id"], "row": 1, "row_id": "a"},
        "Ann",
    )
    assert call["data"]["metadata"]["priority"] == 7
    assert test_mode_client.post(f"/api/v1/batches/{batch['id']}/export").json()["status"] == "preparing"
    path = f"/api/v1/batches/{batch['id']}/export"
    export = poll(lambda: test_mode_client.get(path).json(), lambda shown: shown["status"] == "ready")
    exported = list(csv.DictReader(io.StringIO(http.get(export["url"]).text)))
    assert [row["id"] for row in exported] == ["a", "b", "c", "d"]
    assert exported[0]["status"] == "completed"


BUSY = "+15550100002"


def campaign(tenant: Tenant, count: int, **more: Any) -> dict[str, Any]:
    """A live batch: every callee is busy, so that each call is over at once."""
    rows = [{"phone": BUSY, "id": f"r{n}"} for n in range(1, count + 1)]
    body = {"agentId": tenant.agent.id, "phoneNumber": "{{row.phone}}"}
    wish = {"name": "c", "body": body, "rows": rows, "same_numbers": "call", **more}
    made = tenant.api.post("/api/v1/batches", json=wish)
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_a_paused_batch_rings_nobody_and_direct_calls_go_on(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    api, batch = tenant.api, campaign(tenant, 8)
    wait_for_status(api, batch["id"], "running")
    assert api.post(f"/api/v1/batches/{batch['id']}/pause").json()["paused"] is True
    tenant.change_trunk(paused=False)
    tenant.wait_for_end(tenant.placed(BUSY, priority=7))
    assert len(tenant.invites()) == 1
    rows = api.get(f"/api/v1/batches/{batch['id']}/results").json()["data"]
    call = tenant.call(rows[0]["call_id"])
    assert (call["status"], call["queue_state"]) == ("queued", "batch_paused")
    assert api.post(f"/api/v1/batches/{batch['id']}/resume").json()["paused"] is False
    done = wait_for_status(api, batch["id"], "completed")
    assert done["progress"]["reasons"] == [{"reason": "dial_busy", "calls": 8}]
    assert len(tenant.invites()) == 9


async def test_within_a_priority_direct_calls_go_first(make_tenant: MakeTenant) -> None:
    tenant: Tenant = await make_tenant(cps=5)
    tenant.change_trunk(paused=True)
    batch = campaign(tenant, 20)
    wait_for_status(tenant.api, batch["id"], "running")
    direct = tenant.placed(BUSY, priority=7)
    tenant.change_trunk(paused=False)
    wait_for_status(tenant.api, batch["id"], "completed")
    rooms = [invite["room"] for invite in tenant.invites()]
    # What is ready first goes first among the few that are prepared at once: the look-ahead.
    assert rooms.index(f"call-{direct}") < 5


def test_a_cancelled_batch_ends_its_calls_and_says_so(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    api, batch = tenant.api, campaign(tenant, 8)
    wait_for_status(api, batch["id"], "running")
    assert api.post(f"/api/v1/batches/{batch['id']}/cancel").json()["status"] == "cancelling"
    wait_for_status(api, batch["id"], "cancelled")
    rows = api.get(f"/api/v1/batches/{batch['id']}/results?limit=100").json()["data"]
    assert {row["status"] for row in rows} == {"cancelled"}
    assert tenant.call(rows[0]["call_id"])["status_reason"] == "cancelled"
    assert api.delete(f"/api/v1/batches/{batch['id']}").status_code == 200
    assert api.get(f"/api/v1/batches/{batch['id']}").status_code == 404
    assert tenant.invites() == []


def test_a_dry_run_is_checked_and_may_be_started(tenant: Tenant) -> None:
    batch = campaign(tenant, 3, dry_run=True)
    checked = wait_for_status(tenant.api, batch["id"], "checked")
    assert (checked["forecast"]["calls"], tenant.invites()) == (3, [])
    tenant.api.post(f"/api/v1/batches/{batch['id']}/start").raise_for_status()
    wait_for_status(tenant.api, batch["id"], "completed")
    again = tenant.api.post(f"/api/v1/batches/{batch['id']}/start")
    assert (again.status_code, again.json()["error"]["type"]) == (409, "batch_not_ready")


def test_a_batch_by_a_workflow_keeps_what_is_said_of_its_people_apart(tenant: Tenant) -> None:
    wish = {"slug": "visits", "entry_agent": "Ada", "channel": "phone"}
    tenant.api.post("/api/v1/workflows", json=wish).raise_for_status()
    context = {"phone": "{{row.phone}}", "secret": "{{row.secret}}"}
    body = {"workflow_slug": "visits", "user_id": "{{row.id}}", "user_context": context}
    text = f'{{"id": "u1", "phone": "{BUSY}", "secret": "canary-47"}}\n{{"id": "u2", "phone": 5}}\n'
    made = {"name": "w", "kind": "workflow", "body": body, "text": text, "format": "ndjson"}
    batch = tenant.api.post("/api/v1/batches", json=made).json()
    done = wait_for_status(tenant.api, batch["id"], "completed")
    assert (done["progress"]["accepted"], done["progress"]["refused"]) == (1, 1)
    rows = tenant.api.get(f"/api/v1/batches/{batch['id']}/results").json()["data"]
    call = tenant.call(rows[0]["call_id"])
    assert (call["user_id"], call["workflow_slug"]) == ("u1", "visits")
    table_name = tenant.stack.outputs.values["TableName"]
    pages = client(tenant.stack.config, "dynamodb").get_paginator("scan").paginate(TableName=table_name)
    assert "canary-47" not in json.dumps([page["Items"] for page in pages], default=str)
    s3 = client(tenant.stack.config, "s3")
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"] if "batches" in each["Name"]]
    kept = s3.list_objects_v2(Bucket=buckets[0], Prefix=f"{batch['id']}/")["Contents"]
    assert [each["Key"].partition("/")[2] for each in kept] == ["parts-import.json"]
    flows = client(tenant.stack.config, "stepfunctions")
    machine = tenant.stack.outputs.values["BatchFlowArn"]
    runs = flows.list_executions(stateMachineArn=machine, maxResults=1000)["executions"]
    mine = [each["executionArn"] for each in runs if batch["id"] in each["name"]]
    assert mine
    told = [flows.get_execution_history(executionArn=arn, maxResults=1000) for arn in mine]
    assert "canary-47" not in json.dumps(told, default=str)
    assert BUSY not in json.dumps(told, default=str)
