"""Tools on the deployed stack: saved, told to the agent, seen by nobody who may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.webhook_receiver import ReceivedRequest, Receiver
from tests.support import http
from tests.support.agent_in_call import (
    TOKEN,
    AgentInCall,
    agent_token,
    create_tool,
    require_kept_from_all_others,
    start_call_with_tools,
    string_parameter,
)
from tests.support.tenant import Tenant
from tests.support.workflows import start_workflow_call

GUIDE = Path(__file__).parent / "documents" / "guide"


def test_the_guides_tool_and_its_backend_run_unchanged(tenant: Tenant, backend: Receiver) -> None:
    """The tool as the guide has it but for its host, and its `/api/v1/meals` on FastAPI."""
    saved = json.loads(
        (GUIDE / "save_meal.json").read_text().replace("https://your-api.com", backend.url(""))
    )
    assert tenant.api.post("/api/v1/tools", json=saved).status_code == 201
    names: dict[str, Any] = {}
    exec(compile((GUIDE / "meals_backend.py").read_text(), "meals_backend.py", "exec"), names)  # noqa: S102 - our own page
    meals = _Meals(names)
    backend.respond = meals.answer
    agent = start_call_with_tools(
        tenant, "save_meal", context={"auth_token": TOKEN, "id": "user-123", "name": "John"}
    )
    told = agent.use("save_meal", meal_data="two eggs")
    assert told["result"] == {"meal_id": "meal-1"}
    assert meals.recorded == [("user-123", "two eggs")]
    seen = backend.requests_to("/api/v1/meals")[0]
    assert (seen.headers["Authorization"], seen.headers["Content-Type"]) == (
        f"Bearer {TOKEN}",
        "application/json",
    )
    assert seen.json == {"user_id": "user-123", "meal": "two eggs"}
    require_kept_from_all_others(tenant, agent, TOKEN)


class _Meals:
    """The guide's backend behind the receiver; what the guide leaves to its reader is in the document."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.recorded: list[tuple[str, str]] = []
        names["valid_token"] = TOKEN
        names["recorded"] = self.recorded
        self._app = names["app"]

    def answer(self, seen: ReceivedRequest) -> tuple[int, dict[str, str], bytes]:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="https://your-api.com") as backend:
                return await backend.post(seen.path, content=seen.body, headers=seen.headers)

        import asyncio  # noqa: PLC0415 - the receiver's thread has no loop of its own

        answer = asyncio.run(ask())
        return answer.status_code, {"Content-Type": "application/json"}, answer.content


def test_an_agent_is_told_of_its_tools_as_functions(tenant: Tenant) -> None:
    create_tool(
        tenant,
        "save_meal",
        {"type": "end_call"},
        parameters=[string_parameter("meal")],
        description="Saves a meal",
    )
    create_tool(tenant, "own_tool", {"type": "end_call"})
    create_tool(tenant, "nobodys", {"type": "end_call"})
    colleague = {"name": "Bea", "livekit_agent_name": "bea", "tools": ["own_tool"]}
    assert tenant.api.post("/api/v1/agents", json=colleague).json()["tools"] == ["own_tool"]
    agent = start_call_with_tools(tenant, "save_meal", agents=["Bea"])
    told = agent.api.get("/tools").json()["data"]
    assert told == [
        {
            "name": "save_meal",
            "description": "Saves a meal",
            "parameters": {
                "type": "object",
                "properties": {"meal": {"type": "string"}},
                "required": ["meal"],
                "additionalProperties": False,
            },
            "version": 1,
        }
    ]
    assert [each["name"] for each in agent.api.get("/tools?agent=Bea").json()["data"]] == [
        "save_meal",
        "own_tool",
    ]
    assert agent.api.get("/tools?agent=Eve").status_code == 404
    for strange in ("nobodys", "nothing"):
        answer = agent.post_use(strange)
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Tool not found")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "http://api.example.com/"}, "config.actions.0.url: the URL must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "config.actions.0.url: the host's address is not public"),
        (
            {"url": "https://169.254.169.254/latest/meta-data/"},
            "config.actions.0.url: the host's address is not public",
        ),
        ({"url": "https://[::ffff:127.0.0.1]/"}, "config.actions.0.url: the host's address is not public"),
        ({"url": "https://localhost/"}, "config.actions.0.url: the host is a name of a private network"),
        ({"url": "https://2130706433/"}, "config.actions.0.url: the host is a number"),
        ({"url": "https://u:p@api.example.com/"}, "config.actions.0.url: the URL must not contain a user"),
        (
            {"url": "https://{{user.host}}/"},
            "config.actions.0.url: templates may stand in path and query alone",
        ),
        (
            {"url": "https://api.example.com/#{{user.id}}"},
            "config.actions.0.url: the URL must not contain a fragment",
        ),
        (
            {"url": "https://api.example.com/", "headers": {"X": "{{user.x"}},
            "config.actions.0.headers.X: a {{ is not closed",
        ),
        ({"type": "send_fax"}, "config.actions.0: type must be one of 'api_call'"),
    ],
)
def test_what_may_not_be_saved_is_refused_with_its_path(
    tenant: Tenant, wrong: dict[str, Any], says: str
) -> None:
    config = {"actions": [{"type": "api_call"} | wrong]}
    answer = tenant.api.post("/api/v1/tools", json={"name": "bad", "config": config})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request")
    assert says in answer.json()["error"]["message"]


def test_a_tool_that_is_changed_in_mid_call_changes_for_the_next_call(
    tenant: Tenant, backend: Receiver
) -> None:
    action = {"type": "api_call", "url": backend.url("/old")}
    create_tool(tenant, "ask", action)
    agent = start_call_with_tools(tenant, "ask")
    changed = {"config": {"actions": [action | {"url": backend.url("/new")}]}}
    assert tenant.api.patch("/api/v1/tools/ask", json=changed).json()["version"] == 2
    assert agent.use("ask")["version"] == 1
    assert AgentInCall(tenant, start_workflow_call(tenant, "meals")).use("ask")["version"] == 2
    assert [seen.path for seen in backend.requests] == ["/old", "/new"]
    in_use = tenant.api.delete("/api/v1/tools/ask")
    assert (in_use.status_code, in_use.json()["error"]["message"]) == (
        409,
        "Tool ask is in use by workflow meals",
    )


def test_tenant_secrets_are_for_requests_alone(tenant: Tenant, backend: Receiver) -> None:
    secret = {"name": "api_key", "value": "canary-secret-2d9a"}
    stored = tenant.api.post("/api/v1/secrets", json=secret)
    assert stored.status_code == 201
    create_tool(
        tenant,
        "ask",
        {"type": "api_call", "url": backend.url(), "headers": {"X-Api-Key": "{{secrets.api_key}}"}},
    )
    backend.respond = lambda seen: (200, {}, json.dumps({"you_sent": seen.headers["X-Api-Key"]}).encode())
    agent = start_call_with_tools(tenant, "ask")
    told = agent.use("ask")
    assert backend.requests[0].headers["X-Api-Key"] == secret["value"]
    assert told["result"] == {"you_sent": "[redacted]"}
    tried = tenant.api.post("/api/v1/tools/ask/try", json={"send": True})
    assert tried.json()["result"] == {"you_sent": "[redacted]"}
    assert len(backend.requests) == 2
    shown = tenant.api.post("/api/v1/tools/ask/try", json={})
    assert shown.json()["actions"][0]["request"]["headers"]["X-Api-Key"] == "[redacted]"
    assert len(backend.requests) == 2
    assert (
        secret["value"] not in stored.text + tried.text + shown.text + tenant.api.get("/api/v1/secrets").text
    )
    require_kept_from_all_others(tenant, agent, secret["value"])
    assert tenant.api.delete("/api/v1/secrets/api_key").status_code == 409


def test_nobody_uses_anothers_tools(tenant: Tenant, backend: Receiver) -> None:
    create_tool(tenant, "ask", {"type": "api_call", "url": backend.url()})
    agent = start_call_with_tools(tenant, "ask")
    other = start_workflow_call(tenant, "meals")
    _, key, secret = tenant.stack.config.livekit
    for token, status in (
        ("", 401),
        (agent_token(key, secret, other["room_name"]), 403),
        (agent_token(key, secret, f"call-{agent.call_id}", kind="standard"), 401),
        (tenant.key, 401),
    ):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for answer in (
            http.get(f"{agent.api.base_url}tools", headers=headers),
            http.post(f"{agent.api.base_url}tools/ask", headers=headers, json={}),
        ):
            assert answer.status_code == status, token
    for method, path in (
        ("PUT", "tools"),
        ("DELETE", "tools/ask"),
        ("GET", "tools/ask"),
        ("POST", "tools/../context"),
    ):
        assert agent.api.request(method, f"/{path}").status_code == 404
    for body in (b"", b"{", b"[]", b'{"params": []}', b'{"params": {}, "invocation_id": "a b"}', b'{"x": 1}'):
        assert agent.api.post("/tools/ask", content=body).status_code == 400, body
    assert backend.requests == []


def test_a_workflow_and_an_agent_name_tools_that_there_are(tenant: Tenant) -> None:
    for path, body in (
        ("workflows", {"slug": "w", "entry_agent": "Ada", "tools": ["nothing"]}),
        ("agents", {"name": "w", "livekit_agent_name": "w", "tools": ["nothing"]}),
    ):
        answer = tenant.api.post(f"/api/v1/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["message"]) == (
            400,
            "Validation error: there is no tool nothing",
        )
