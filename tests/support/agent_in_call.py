"""An agent in a call, and the tools that it uses there."""

from __future__ import annotations

import time
from typing import Any

import httpx
from livekit.api import AccessToken, VideoGrants

from local.deployment import client
from tests.support import http
from tests.support.function_logs import log_lines
from tests.support.polling import GIVES_UP_AFTER_S, poll
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow, start_workflow_call

TOKEN = "canary-jwt-6b1f"


def agent_token(key: str, secret: str, room: str, **more: Any) -> str:
    """The token of an agent's job, signed by its LiveKit project."""
    grants = VideoGrants(room=room, room_join=True, agent=True)
    token = AccessToken(key, secret).with_identity("agent-AJ_x").with_grants(grants)
    return token.with_kind(more.get("kind", "agent")).to_jwt()


class AgentInCall:
    """An agent in a call, as its own job's token proves."""

    def __init__(self, tenant: Tenant, opened: dict[str, Any]) -> None:
        _, key, secret = tenant.stack.config.livekit
        bearer = {"Authorization": f"Bearer {agent_token(key, secret, opened['room_name'])}"}
        url = f"{tenant.stack.config.api_url}/agent/v1/calls/{opened['call_id']}"
        self.api = httpx.Client(verify=http.TLS, base_url=url, headers=bearer, timeout=GIVES_UP_AFTER_S)
        self.call_id = opened["call_id"]

    def use(self, tool: str, invocation_id: str | None = None, **params: Any) -> dict[str, Any]:
        answer = self.post_use(tool, invocation_id, **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def post_use(self, tool: str, invocation_id: str | None = None, **params: Any) -> httpx.Response:
        body = {"params": params} | ({"invocation_id": invocation_id} if invocation_id else {})
        return self.api.post(f"/tools/{tool}", json=body)


def create_tool(
    tenant: Tenant, name: str, *actions: dict[str, Any], parameters: Any = (), **more: Any
) -> dict[str, Any]:
    config = {"parameters": list(parameters), "actions": list(actions)}
    answer = tenant.api.post("/api/v1/tools", json={"name": name, "config": config} | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def string_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "type": "string", "required": True}


def start_call_with_tools(tenant: Tenant, *tools: str, context: Any = None, **more: Any) -> AgentInCall:
    """Make the workflow `meals` with these tools, start a call of it, and be its agent."""
    create_workflow(tenant, "meals", tools=list(tools), **more)
    user_context = context or {"auth_token": TOKEN, "id": "user-123"}
    return AgentInCall(tenant, start_workflow_call(tenant, "meals", user_context=user_context))


def require_kept_from_all_others(tenant: Tenant, agent: AgentInCall, secret: str) -> None:
    """Raise if a secret that a tool sent is in the table, in a log, or shown to the agent or the tenant."""
    config, outputs = tenant.stack.config, tenant.stack.outputs.values
    since_ms = int(time.time() * 1000) - 60_000
    written = poll(
        lambda: [line for line in log_lines(tenant.stack, since_ms) if agent.call_id in line.text],
        until=lambda lines: any(line.function == "agent_api" for line in lines),
    )
    assert not [line for line in written if secret in line.text]
    assert not [line for line in log_lines(tenant.stack, since_ms) if secret in line.text]
    pages = client(config, "dynamodb").get_paginator("scan").paginate(TableName=outputs["TableName"])
    assert secret not in repr([page["Items"] for page in pages])
    for path in ("/context", "/tools"):
        assert secret not in agent.api.get(path).text
    for path in ("", "/events", "/transcript"):
        assert secret not in tenant.api.get(f"/api/v1/calls/{agent.call_id}{path}").text
