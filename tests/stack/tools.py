"""What tests of tools share: make one, start a call that has it, use it as the call's agent."""

from __future__ import annotations

import time
from typing import Any

import httpx

from local.deployment import client
from tests.stack.conftest import Tenant
from tests.stack.test_agent_api import agent_token
from tests.stack.test_workflow_calls import made, started

TOKEN = "canary-jwt-6b1f"


class Agent:
    """An agent in a call, as its own job's token proves."""

    def __init__(self, tenant: Tenant, opened: dict[str, Any]) -> None:
        _, key, secret = tenant.stack.config.livekit
        bearer = {"Authorization": f"Bearer {agent_token(key, secret, opened['room_name'])}"}
        url = f"{tenant.stack.config.api_url}/agent/v1/calls/{opened['call_id']}"
        self.api = httpx.Client(base_url=url, headers=bearer, timeout=35)
        self.call_id = opened["call_id"]

    def use(self, tool: str, once: str | None = None, **params: Any) -> dict[str, Any]:
        answer = self.asked(tool, once, **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def asked(self, tool: str, once: str | None = None, **params: Any) -> httpx.Response:
        body = {"params": params} | ({"invocation_id": once} if once else {})
        return self.api.post(f"/tools/{tool}", json=body)


def tool(
    tenant: Tenant, name: str, *actions: dict[str, Any], parameters: Any = (), **more: Any
) -> dict[str, Any]:
    config = {"parameters": list(parameters), "actions": list(actions)}
    answer = tenant.api.post("/api/v1/tools", json={"name": name, "config": config} | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def calls_with(tenant: Tenant, *tools: str, context: Any = None, **more: Any) -> Agent:
    made(tenant, "meals", tools=list(tools), **more)
    return Agent(
        tenant, started(tenant, "meals", user_context=context or {"auth_token": TOKEN, "id": "user-123"})
    )


def text(name: str) -> dict[str, Any]:
    return {"name": name, "type": "string", "required": True}


def require_nowhere_else(tenant: Tenant, agent: Agent, secret: str) -> None:
    time.sleep(1)
    config, outputs = tenant.stack.config, tenant.stack.outputs.values
    pages = client(config, "dynamodb").get_paginator("scan").paginate(TableName=outputs["TableName"])
    assert secret not in repr([page["Items"] for page in pages])
    logs = client(config, "logs")
    since = int(time.time() * 1000) - 60_000
    for group in logs.describe_log_groups()["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"], startTime=since)["events"]
        assert secret not in repr(events), group["logGroupName"]
    for path in ("/context", "/tools"):
        assert secret not in agent.api.get(path).text
    for path in ("", "/events", "/transcript"):
        assert secret not in tenant.api.get(f"/api/v1/calls/{agent.call_id}{path}").text
