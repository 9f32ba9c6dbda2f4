"""Canaries: secrets and people's data are put in where they may be, and looked for where they may not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.room import ListRoomsRequest

from local.stack import Stack
from local.webhook_receiver import Receiver
from tests.support import http
from tests.support.agent_in_call import agent_token
from tests.support.function_logs import log_lines
from tests.support.polling import poll
from tests.support.secret_places import executions_of, logs_of, queues_of, table_of
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook, wait_for_delivery

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
def since_ms() -> int:
    return int(time.time() * 1000) - 1000


@pytest.fixture
async def lived(stack: Stack, tenant: Tenant, endpoint: Receiver, since_ms: int) -> dict[str, str]:
    """A tenant that has used everything; what must stay secret, by name."""
    api = tenant.api
    hook = create_webhook(tenant, endpoint.url(), headers={"X-Token": CANARIES["webhook header"]})
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
    session = http.post(f"{stack.config.api_url}/api/v1/session", json={"api_key": tenant.key})
    cookie = session.headers["set-cookie"].split(";")[0].removeprefix("session=")
    _stumble(stack, tenant, cookie)
    ping = api.post(f"/api/v1/webhooks/{hook['id']}/test").json()
    wait_for_delivery(tenant, ping["id"], lambda shown: shown["state"] == "succeeded")
    secrets = {"key": tenant.key, "child key": child["key"], "cookie": cookie, "token": opened["token"]}
    return CANARIES | secrets | {"webhook secret": hook["secret"]}


def _report(stack: Stack, opened: dict[str, str]) -> None:
    http.put(f"{stack.config.livekit[0]}/_control/joins", json={"token": opened["token"]}).raise_for_status()
    _, key, secret = stack.config.livekit
    token = agent_token(key, secret, opened["room_name"])
    values = {"note": CANARIES["variable"]}
    report = {"type": "variables", "sequence": 1, "values": values}
    url = f"{stack.config.api_url}/agent/v1/calls/{opened['call_id']}"
    bearer = {"Authorization": f"Bearer {token}"}
    http.post(f"{url}/reports", json={"reports": [report]}, headers=bearer).raise_for_status()
    told = http.get(f"{url}/context", headers=bearer).json()
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
    endpoint.respond = lambda seen: told_back if seen.path.startswith("/tool") else 200
    body = {"params": {"said": CANARIES["tool parameter"]}}
    told = http.post(url, json=body, headers=bearer).json()
    assert told["result"] == {"you_sent": "[redacted]", "pin": "[redacted]", "found": CANARIES["tool answer"]}
    seen = [each for each in endpoint.requests if each.path.startswith("/tool")][-1]
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
        http.get(url + path, params={"key": key, "phone": NUMBER})
        http.get(url + path, headers={"Authorization": key})
        http.get(url + path, headers={"Authorization": f"Basic {key}", "Cookie": f"session={cookie}"})
    bad = {"agentId": key, "phoneNumber": NUMBER, "metadata": KEPT, "callerId": CANARIES["auth_token"]}
    tenant.api.post("/api/v1/calls/outbound", json=bad)
    tenant.api.post("/api/v1/calls/outbound", content=f'{{"phoneNumber": "{NUMBER}", "x": {CANARIES}')
    headers = {"Authorization": CANARIES["auth_token"]}
    http.post(f"{url}/livekit/webhook", content=json.dumps(KEPT), headers=headers)


async def test_no_secret_is_where_it_has_no_business(
    stack: Stack, tenant: Tenant, lived: dict[str, str], since_ms: int
) -> None:
    logs = poll(lambda: logs_of(stack, since_ms), lambda found: {"api", "dialer", "agent_api"} <= set(found))
    assert len(logs) >= 6, "the logs are there to be looked at"
    places = {"table": table_of(stack), "executions": executions_of(stack, since_ms)}
    assert places["executions"], "there are executions to be looked at"
    assert tenant.id in places["table"]
    for place, text in (places | {"queues": queues_of(stack)} | logs).items():
        assert not [name for name, canary in lived.items() if canary in text], place
    for name, text in logs.items():
        assert NUMBER not in text, f"a number in full in {name}"


async def test_log_lines_say_which_request_call_and_tenant(
    stack: Stack, tenant: Tenant, since_ms: int
) -> None:
    call_id = tenant.placed("+15550100013")
    tenant.wait_for_end(call_id)

    def lines_of_the_call() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {
            function: [] for function in ("api", "dialer", "livekit_webhook")
        }
        for line in log_lines(stack, since_ms, found):
            if line.fields.get("call_id") == call_id:
                found[line.function].append(line.fields)
        return found

    for function, mine in poll(lines_of_the_call, lambda found: all(found.values())).items():
        assert {line.get("tenant_id") for line in mine} >= {tenant.id}, function
        assert all(line["service"] == function for line in mine)
        if function != "dialer":
            assert any(line.get("request_id") for line in mine), "an HTTP request's id is on its line"
