"""Canaries: secrets and people's data are put in where they may be, and looked for where they may not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.room import ListRoomsRequest

from local.deployment import client
from local.receiver import Receiver, receiver
from local.stack import Stack
from tests.stack.conftest import Tenant
from tests.stack.test_agent_api import agent_token
from tests.stack.webhooks import delivery_when, made

NUMBER = "+15550108642"
CANARIES = {
    "auth_token": "canary-token-5f1d",
    "secret key": "canary-pin-9a2c",
    "context": "canary-name-77e0",
    "variable": "canary-variable-c3b8",
    "webhook header": "canary-header-e41f",
    "tool secret": "canary-secret-b7d2",
    "tool parameter": "canary-parameter-06fa",
    "tool answer": "canary-answer-9e3c",
}
KEPT = {"auth_token": CANARIES["auth_token"], "pin": CANARIES["secret key"], "user_name": CANARIES["context"]}


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with receiver() as made_:
        yield made_


@pytest.fixture
def since_ms() -> int:
    return int(time.time() * 1000) - 1000


@pytest.fixture
async def lived(stack: Stack, tenant: Tenant, endpoint: Receiver, since_ms: int) -> dict[str, str]:
    """A tenant that has used everything; what must stay secret, by name."""
    api = tenant.api
    hook = made(tenant, endpoint.url(), headers={"X-Token": CANARIES["webhook header"]})
    once = {"Idempotency-Key": "privacy"}
    child = api.post("/api/v1/api-keys", json={"name": "k", "scopes": ["calls:read"]}, headers=once).json()
    api.post("/api/v1/api-keys", json={"name": "k", "scopes": ["calls:read"]}, headers=once)
    _make_tool(tenant, endpoint)
    flow = {"slug": "flow", "entry_agent": "Ada", "secret_keys": ["pin"], "tools": ["save"]}
    for channel in ("web", "phone"):
        slug = f"{channel}-flow"
        api.post("/api/v1/workflows", json=flow | {"slug": slug, "channel": channel}).raise_for_status()
        body = {"workflow_slug": slug, "user_id": "u", "user_context": KEPT | {"phone": NUMBER}}
        opened = api.post("/api/v1/calls", json=body).json()
        if channel == "web":
            _report(stack, opened)
            _use_tool(stack, opened, endpoint)
            await _look_at_livekit(stack, opened)
        else:
            tenant.wait_for_end(opened["call_id"])
    session = httpx.post(f"{stack.config.api_url}/api/v1/session", json={"api_key": tenant.key})
    cookie = session.headers["set-cookie"].split(";")[0].removeprefix("session=")
    _stumble(stack, tenant, cookie)
    ping = api.post(f"/api/v1/webhooks/{hook['id']}/test").json()
    delivery_when(tenant, ping["id"], lambda shown: shown["state"] == "succeeded")
    secrets = {"key": tenant.key, "child key": child["key"], "cookie": cookie, "token": opened["token"]}
    return CANARIES | secrets | {"webhook secret": hook["secret"]}


def _report(stack: Stack, opened: dict[str, str]) -> None:
    httpx.put(f"{stack.config.livekit[0]}/_control/joins", json={"token": opened["token"]}).raise_for_status()
    _, key, secret = stack.config.livekit
    token = agent_token(key, secret, opened["room_name"])
    values = {"note": CANARIES["variable"]}
    report = {"type": "variables", "sequence": 1, "values": values}
    url = f"{stack.config.api_url}/agent/v1/calls/{opened['call_id']}"
    bearer = {"Authorization": f"Bearer {token}"}
    httpx.post(f"{url}/reports", json={"reports": [report]}, headers=bearer).raise_for_status()
    told = httpx.get(f"{url}/context", headers=bearer).json()
    assert told["variables"] == values
    assert told["user_context"] == {"user_name": CANARIES["context"], "phone": NUMBER}


def _make_tool(tenant: Tenant, endpoint: Receiver) -> None:
    secret = {"name": "key", "value": CANARIES["tool secret"]}
    tenant.api.post("/api/v1/secrets", json=secret).raise_for_status()
    action = {
        "type": "api_call",
        "method": "POST",
        "url": endpoint.url("/tool?key={{secrets.key}}"),
        "headers": {"Authorization": "Bearer {{user.auth_token}}"},
        "body": {"pin": "{{user.pin}}", "said": "{{params.said}}"},
    }
    config = {"parameters": [{"name": "said", "type": "string", "required": True}], "actions": [action]}
    tenant.api.post("/api/v1/tools", json={"name": "save", "config": config}).raise_for_status()
    wish = {"params": {"said": "x"}, "user": KEPT, "send": True}
    tenant.api.post("/api/v1/tools/save/try", json=wish).raise_for_status()


def _use_tool(stack: Stack, opened: dict[str, str], endpoint: Receiver) -> None:
    """Its backend gets the secrets and sends them back; the agent and the table get none."""
    _, key, secret = stack.config.livekit
    url = f"{stack.config.api_url}/agent/v1/calls/{opened['call_id']}/tools/save"
    bearer = {"Authorization": f"Bearer {agent_token(key, secret, opened['room_name'])}"}
    echo = {"you_sent": KEPT["auth_token"], "pin": KEPT["pin"], "found": CANARIES["tool answer"]}
    # What a webhook's endpoint answers is kept for its owner: that is another matter.
    told_back: tuple[int, dict[str, str], bytes] = (200, {}, json.dumps(echo).encode())
    endpoint.answer = lambda seen: told_back if seen.path.startswith("/tool") else 200
    body = {"params": {"said": CANARIES["tool parameter"]}}
    told = httpx.post(url, json=body, headers=bearer).json()
    assert told["result"] == {"you_sent": "[redacted]", "pin": "[redacted]", "found": CANARIES["tool answer"]}
    seen = [each for each in endpoint.seen if each.path.startswith("/tool")][-1]
    sent = f"{seen.path} {seen.headers} {seen.body!r}"
    for name in ("auth_token", "secret key", "tool secret", "tool parameter"):
        assert CANARIES[name] in sent, name


async def _look_at_livekit(stack: Stack, opened: dict[str, str]) -> None:
    """While the call is up: what rooms and dispatches say of it is the call's id."""
    async with LiveKitAPI(*stack.config.livekit) as livekit:
        rooms = await livekit.room.list_rooms(ListRoomsRequest(names=[opened["room_name"]]))
        dispatches = await livekit.agent_dispatch.list_dispatch(opened["room_name"])
    text = f"{rooms} {dispatches}"
    assert opened["call_id"] in text
    assert not [name for name, canary in CANARIES.items() if canary in text]


def _stumble(stack: Stack, tenant: Tenant, cookie: str) -> None:
    """Mistakes that clients make with their secrets."""
    url, key = stack.config.api_url, tenant.key
    for path in (f"/api/v1/{key}", f"/api/v1/calls/{key}", f"/agent/v1/calls/{key}/context", "/api/v1/calls"):
        httpx.get(url + path, params={"key": key, "phone": NUMBER})
        httpx.get(url + path, headers={"Authorization": key})
        httpx.get(url + path, headers={"Authorization": f"Basic {key}", "Cookie": f"session={cookie}"})
    bad = {"agentId": key, "phoneNumber": NUMBER, "metadata": KEPT, "callerId": CANARIES["auth_token"]}
    tenant.api.post("/api/v1/calls/outbound", json=bad)
    tenant.api.post("/api/v1/calls/outbound", content=f'{{"phoneNumber": "{NUMBER}", "x": {CANARIES}')
    headers = {"Authorization": CANARIES["auth_token"]}
    httpx.post(f"{url}/livekit/webhook", content=json.dumps(KEPT), headers=headers)


def logs_of(stack: Stack, since_ms: int) -> dict[str, str]:
    """Every log of the stack since a moment, by its group: all of them are more than an answer holds."""
    logs = client(stack.config, "logs")
    found: dict[str, str] = {}
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=name, startTime=since_ms)
            found[name] = "\n".join(event["message"] for part in events for event in part["events"])
    return found


def executions_of(stack: Stack) -> str:
    states = client(stack.config, "stepfunctions")
    machine = stack.outputs.values["DeliveryFlowArn"]
    told: list[Any] = []
    for execution in states.list_executions(stateMachineArn=machine, maxResults=200)["executions"]:
        arn = execution["executionArn"]
        told.append(states.describe_execution(executionArn=arn))
        told.append(states.get_execution_history(executionArn=arn))
    return repr(told)


def queues_of(stack: Stack) -> str:
    sqs = client(stack.config, "sqs")
    urls = sqs.list_queues()["QueueUrls"]
    look = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
    return repr([sqs.receive_message(QueueUrl=url, **look) for url in urls])


def table_of(stack: Stack) -> str:
    dynamodb = client(stack.config, "dynamodb")
    pages = dynamodb.get_paginator("scan").paginate(TableName=stack.outputs.values["TableName"])
    return repr([item for page in pages for item in page["Items"]])


async def test_no_secret_is_where_it_has_no_business(
    stack: Stack, lived: dict[str, str], since_ms: int
) -> None:
    time.sleep(2)
    logs = logs_of(stack, since_ms)
    assert len([name for name, text in logs.items() if text]) >= 6, "the logs are there to be looked at"
    places = {"table": table_of(stack), "executions": executions_of(stack), "queues": queues_of(stack)}
    for place, text in (places | logs).items():
        assert not [name for name, canary in lived.items() if canary in text], place
    for name, text in logs.items():
        assert NUMBER not in text, f"a number in full in {name}"


async def test_log_lines_say_which_request_call_and_tenant(
    stack: Stack, tenant: Tenant, since_ms: int
) -> None:
    call_id = tenant.placed("+15550100013")
    tenant.wait_for_end(call_id)
    time.sleep(1)
    logs = logs_of(stack, since_ms)
    for group in ("api", "dialer", "livekit_webhook"):
        lines = [
            json.loads(line) for line in logs[f"/trunkline-local/{group}"].splitlines() if line[:1] == "{"
        ]
        mine = [line for line in lines if line.get("call_id") == call_id]
        assert mine, group
        assert {line.get("tenant_id") for line in mine} >= {tenant.id}, group
        assert all(line["service"] == group for line in mine)
    asked = [line for line in lines if line.get("request_id")]
    assert asked, "an HTTP request's id is on its line"
