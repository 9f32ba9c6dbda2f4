"""No tenant sees, changes or finds out about another's: generated from the OpenAPI document, so that a new
route is covered by itself."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.deployment import client
from local.stack import Stack
from local.webhook_receiver import Receiver
from openapi.document import ROUTES
from tests.support import http
from tests.support.tenant import Tenant
from tests.support.webhooks import wait_for_delivery
from trunkline.webhooks.events import call_event_id

WITH_ID = [route for route in ROUTES if "{" in route.path]
MISSING = {
    "call_id": lambda: str(uuid.uuid4()),
    "agent_id": lambda: str(uuid.uuid4()),
    "slug": lambda: f"w-{uuid.uuid4().hex[:8]}",
    "trunk_id": lambda: f"trunk_{uuid.uuid4().hex[:24]}",
    "webhook_id": lambda: f"wh_{uuid.uuid4().hex[:20]}",
    "event_id": lambda: f"evt_{uuid.uuid4().hex}000001",
    "delivery_id": lambda: f"dlv_{uuid.uuid4().hex[:20]}",
    "dispatch_id": lambda: f"AD_{uuid.uuid4().hex[:12]}",
    "tool": lambda: f"tool_{uuid.uuid4().hex[:8]}",
    "secret": lambda: f"secret_{uuid.uuid4().hex[:8]}",
    "number": lambda: f"+1555{random.randrange(10**7):07d}",
    "trigger_id": lambda: f"trg_{uuid.uuid4().hex[:20]}",
    "batch_id": lambda: f"bat_{uuid.uuid4().hex[:20]}",
    "schedule_id": lambda: f"sch_{uuid.uuid4().hex[:20]}",
    "session_id": lambda: f"ses_{uuid.uuid4().hex[:23]}",
    "key_id": lambda: f"key_{uuid.uuid4().hex[:20]}",
}
# A body that the route takes, where it needs one.
BODIES: dict[str, Any] = {
    "createDispatch": {"agent_name": "Ada"},
    "changeTrunk": {"paused": True},
    "recoverDeliveries": {"since": "2026-01-01T00:00:00Z"},
}


@pytest.fixture
async def owned(tenant: Tenant, endpoint: Receiver) -> dict[str, str]:
    """One of everything, of another tenant's; nothing of it changes by itself any more."""
    api = tenant.api
    api.post("/api/v1/workflows", json={"slug": "mine", "entry_agent": "Ada"}).raise_for_status()
    wish = {"url": endpoint.url(), "filter": {"events": ["webhook.disabled"]}}
    hook = api.post("/api/v1/webhooks", json=wish).json()["id"]
    delivery_id = api.post(f"/api/v1/webhooks/{hook}/test").json()["id"]
    wait_for_delivery(tenant, delivery_id, lambda shown: shown["state"] == "succeeded")
    api.post("/api/v1/secrets", json={"name": "my_secret", "value": "v"}).raise_for_status()
    api.post("/api/v1/suppressions", json={"numbers": ["+15550103333"]}).raise_for_status()
    wish = {"name": "t", "body": {"workflow_slug": "mine", "user_id": "u"}}
    trigger = api.post("/api/v1/triggers", json=wish).json()["id"]
    wish = {"name": "s", "body": {"workflow_slug": "mine", "user_id": "u"}, "cron": "0 9 1 1 *"}
    schedule = api.post("/api/v1/schedules", json=wish).json()["id"]
    wish = {"name": "b", "body": {"agentId": tenant.agent.id, "phoneNumber": "{{row.phone}}"}}
    batch = api.post("/api/v1/batches", json=wish).json()["id"]
    tool = {"name": "my_tool", "config": {"actions": [{"type": "end_call"}]}}
    api.post("/api/v1/tools", json=tool).raise_for_status()
    key = api.post("/api/v1/api-keys", json={"name": "k", "scopes": ["calls:read"]}).json()["id"]
    http.post(f"{tenant.stack.config.api_url}/api/v1/session", json={"api_key": tenant.key})
    session = api.get("/api/v1/sessions").json()["data"][0]["id"]
    call_id = tenant.placed("+15550100011")
    call = tenant.wait(call_id, lambda call: call["data"]["status"] == "active")
    return {
        "call_id": call_id,
        "agent_id": tenant.agent.id,
        "slug": "mine",
        "trunk_id": tenant.trunk.id,
        "webhook_id": hook,
        "delivery_id": delivery_id,
        "event_id": call_event_id(call_id, 1),
        "dispatch_id": call["data"]["jobId"],
        "key_id": key,
        "session_id": session,
        "tool": "my_tool",
        "secret": "my_secret",
        "number": "+15550103333",
        "trigger_id": trigger,
        "batch_id": batch,
        "schedule_id": schedule,
    }


@pytest.fixture
async def strangers(tenant: Tenant, make_tenant: Any) -> Iterator[dict[str, httpx.Client]]:  # type: ignore[misc]
    """Another tenant, and the owner itself with a test key: both must find nothing."""
    other: Tenant = await make_tenant()
    with tenant.client(livemode=False) as practising:
        yield {"another tenant": other.api, "another mode": practising}


def items_of(stack: Stack, marks: set[str]) -> dict[str, str]:
    """Every item of the table that has one of these marks in its key; counters of requests are none."""
    dynamodb = client(stack.config, "dynamodb")
    found: dict[str, str] = {}
    for page in dynamodb.get_paginator("scan").paginate(TableName=stack.outputs.values["TableName"]):
        for item in page["Items"]:
            key = f"{item['pk']['S']}|{item['sk']['S']}"
            if any(mark in key for mark in marks) and not key.startswith(("K#", "LANE#", "TRUNK#trunk_test")):
                found[key] = json.dumps(item, sort_keys=True, default=str)
    return found


def plain(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    error = dict(answer.json()["error"])
    error.pop("request_id")
    return answer.status_code, error


async def test_anothers_id_is_exactly_like_a_missing_one_and_writes_nothing(
    stack: Stack, tenant: Tenant, owned: dict[str, str], strangers: dict[str, httpx.Client]
) -> None:
    marks = {tenant.id, *owned.values()} - {"mine", "my_tool", "my_secret"}
    before = items_of(stack, marks)
    assert len(before) > 10
    tried = 0
    for route in WITH_ID:
        names = re.findall(r"{(\w+)}", route.path)
        assert set(names) <= set(MISSING), f"{route.path}: say here how to find one of another tenant's"
        for who, api in strangers.items():
            body = BODIES.get(route.operation_id, {} if (route.body or route.body_schema) else None)
            asked = plain(api.request(route.method, route.path.format(**owned), json=body))
            nothing = {name: MISSING[name]() for name in names}
            missing = plain(api.request(route.method, route.path.format(**nothing), json=body))
            assert asked == missing, (route.operation_id, who)
            # Without a key nobody is told apart from who has a wrong one.
            assert asked[0] == (401 if route.public else 404), (route.operation_id, who, asked)
            tried += 1
    assert tried == 2 * len(WITH_ID) > 50
    after = items_of(stack, marks)
    changed = {key for key in before if after.get(key) != before[key]}
    assert not changed, changed
    assert not {key for key in set(after) - set(before) if not key.startswith("T#")}
    tenant.cancel(owned["call_id"])


async def test_the_tenant_is_the_keys_never_the_requests(tenant: Tenant, make_tenant: Any) -> None:
    """Whatever a request says of a tenant, it is done as the key's."""
    other: Tenant = await make_tenant()
    says = {"tenant_id": tenant.id, "tenantId": tenant.id, "tenant": tenant.id}
    headers = {"x-tenant-id": tenant.id, "x-amzn-tenant": tenant.id}
    place = {"agentId": other.agent.id, "phoneNumber": "+15550100013"}
    for name, value in says.items():
        refused = other.api.post("/api/v1/calls/outbound", json=place | {name: value})
        assert (refused.status_code, refused.json()["error"]["field"]) == (400, name)
    placed = other.api.post("/api/v1/calls/outbound", json=place, headers=headers, params=says)
    assert placed.status_code == 201, "headers and a query that a route does not read are ignored"
    call_id = placed.json()["data"]["id"]
    assert tenant.api.get(f"/api/v1/calls/{call_id}").status_code == 404
    assert other.call(call_id)["data"]["id"] == call_id


async def test_lists_show_the_tenants_own_alone(
    tenant: Tenant, owned: dict[str, str], strangers: dict[str, httpx.Client]
) -> None:
    lists = [route for route in ROUTES if route.method == "GET" and "{" not in route.path]
    mine = {tenant.id, *owned.values()} - {"mine", "my_tool", "my_secret"}
    for route in lists:
        for who, api in strangers.items():
            text = api.get(route.path).text
            if route.operation_id == "getSession" and who == "another mode":
                continue
            assert not [mark for mark in mine if mark in text], (route.operation_id, who)
    tenant.cancel(owned["call_id"])
