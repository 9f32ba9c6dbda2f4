"""Tools on the deployed stack: saved, told to the agent, used in a call, seen by nobody who may not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.deployment import client
from local.receiver import Receiver, Seen, receiver
from tests.stack.conftest import Tenant
from tests.stack.test_agent_api import agent_token
from tests.stack.test_workflow_calls import made, started

GUIDE = Path(__file__).parent / "documents" / "guide"
TOKEN = "canary-jwt-6b1f"


@pytest.fixture
def backend() -> Iterator[Receiver]:
    """A tenant's backend; it gives each meal an id."""
    with receiver() as made_:
        made_.answer = lambda _: (201, {"Content-Type": "application/json"}, b'{"meal_id": "meal-7"}')
        yield made_


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


def test_the_guides_tool_and_its_backend_run_unchanged(tenant: Tenant, backend: Receiver) -> None:
    """The tool as the guide has it but for its host, and its `/api/v1/meals` on FastAPI."""
    saved = json.loads(
        (GUIDE / "save_meal.json").read_text().replace("https://your-api.com", backend.url(""))
    )
    assert tenant.api.post("/api/v1/tools", json=saved).status_code == 201
    names: dict[str, Any] = {}
    exec(compile((GUIDE / "meals_backend.py").read_text(), "meals_backend.py", "exec"), names)  # noqa: S102
    meals = _Meals(names)
    backend.answer = meals.answer
    agent = calls_with(tenant, "save_meal", context={"auth_token": TOKEN, "id": "user-123", "name": "John"})
    told = agent.use("save_meal", meal_data="two eggs")
    assert told["result"] == {"meal_id": "meal-1"}
    assert meals.recorded == [("user-123", "two eggs")]
    seen = backend.of("/api/v1/meals")[0]
    assert (seen.headers["Authorization"], seen.headers["Content-Type"]) == (
        f"Bearer {TOKEN}",
        "application/json",
    )
    assert seen.json == {"user_id": "user-123", "meal": "two eggs"}
    _is_nowhere_else(tenant, agent, TOKEN)


class _Meals:
    """The guide's backend behind the receiver; what the guide leaves to its reader is in the document."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.recorded: list[tuple[str, str]] = []
        names["valid_token"] = TOKEN
        names["recorded"] = self.recorded
        self._app = names["app"]

    def answer(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="https://your-api.com") as backend:
                return await backend.post(seen.path, content=seen.body, headers=seen.headers)

        import asyncio  # noqa: PLC0415 - the receiver's thread has no loop of its own

        answer = asyncio.run(ask())
        return answer.status_code, {"Content-Type": "application/json"}, answer.content


def _is_nowhere_else(tenant: Tenant, agent: Agent, secret: str) -> None:
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


def test_an_agent_is_told_of_its_tools_as_functions(tenant: Tenant) -> None:
    tool(tenant, "save_meal", {"type": "end_call"}, parameters=[text("meal")], description="Saves a meal")
    tool(tenant, "own_tool", {"type": "end_call"})
    tool(tenant, "nobodys", {"type": "end_call"})
    colleague = {"name": "Bea", "livekit_agent_name": "bea", "tools": ["own_tool"]}
    assert tenant.api.post("/api/v1/agents", json=colleague).json()["tools"] == ["own_tool"]
    agent = calls_with(tenant, "save_meal", agents=["Bea"])
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
        answer = agent.asked(strange)
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Tool not found")


def test_an_invocation_is_in_the_calls_story_with_bodies_where_that_is_wished(
    tenant: Tenant, backend: Receiver
) -> None:
    post = {
        "type": "api_call",
        "method": "POST",
        "url": backend.url(),
        "body": {"t": "{{user.auth_token}}", "m": "{{params.m}}"},
    }
    tool(tenant, "plain", post, parameters=[text("m")])
    tool(tenant, "told", post, parameters=[text("m")], record_bodies=True)
    agent = calls_with(tenant, "plain", "told")
    agent.use("plain", "inv-1", m="soup")
    agent.use("told", "inv-2", m=f"soup {TOKEN}")
    agent.use("plain", "inv-3", wrong="x")
    events = tenant.api.get(f"/api/v1/calls/{agent.call_id}/events").json()["data"]
    data = [event["data"] for event in events if event["type"] == "tool_invoked"]
    assert [(each["tool"], each["outcome"], each["invocation_id"]) for each in data] == [
        ("plain", "succeeded", "inv-1"),
        ("told", "succeeded", "inv-2"),
        ("plain", "failed", "inv-3"),
    ]
    assert all(each["latency_ms"] >= 0 for each in data)
    assert ("params" not in data[0], data[1]["params"], data[2]["error"]) == (
        True,
        {"m": "soup [redacted]"},
        "invalid_params",
    )
    assert data[1]["result"] == {"meal_id": "meal-7"}
    timeline = [entry["status"] for entry in tenant.call(agent.call_id)["timeline"]]
    assert timeline == ["initiated", "pending", *["tool_invoked"] * 3]
    time.sleep(1)
    logs = client(tenant.stack.config, "logs")
    group = "/trunkline-local/agent_api"
    lines = repr(
        logs.filter_log_events(logGroupName=group, startTime=int(time.time() * 1000) - 60_000)["events"]
    )
    assert "ToolLatency" in lines
    assert "ToolInvocations" in lines


def test_a_repeated_invocation_is_not_repeated(tenant: Tenant, backend: Receiver) -> None:
    tool(
        tenant,
        "save_meal",
        {"type": "api_call", "method": "POST", "url": backend.url(), "body": {"m": "{{params.m}}"}},
        parameters=[text("m")],
    )
    agent = calls_with(tenant, "save_meal")
    first = agent.use("save_meal", "inv-1", m="soup")
    assert agent.use("save_meal", "inv-1", m="soup") == first
    conflict = agent.asked("save_meal", "inv-1", m="salad")
    assert (conflict.status_code, conflict.json()["error"]["type"]) == (409, "idempotency_conflict")
    assert len(backend.seen) == 1
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agent.asked("save_meal", "inv-2", m="soup"), range(8)))
    assert len(backend.seen) == 2
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert agent.use("save_meal", "inv-2", m="soup")["status"] == "succeeded"
    assert len(backend.seen) == 2


def test_a_backend_that_fails_is_tried_again_with_the_same_key(tenant: Tenant, backend: Receiver) -> None:
    tool(tenant, "save_meal", {"type": "api_call", "method": "POST", "url": backend.url(), "body": {}})
    agent = calls_with(tenant, "save_meal")
    backend.answer = lambda _: 503 if len(backend.seen) < 3 else (201, {}, b'{"meal_id": 1}')
    told = agent.use("save_meal")
    assert (told["status"], told["actions"][0]["tries"]) == ("succeeded", 3)
    assert len({seen.headers["Idempotency-Key"] for seen in backend.seen}) == 1
    assert len(backend.seen) == 3


def test_time_outs_that_add_up_end_within_25_s_with_a_clear_answer(tenant: Tenant, backend: Receiver) -> None:
    slow = {
        "type": "api_call",
        "method": "PUT",
        "url": backend.url("/slow"),
        "body": {},
        "timeout": 15,
        "retry_count": 3,
    }
    once = {"type": "api_call", "method": "POST", "url": backend.url("/once"), "body": {}, "timeout": 1}
    tool(tenant, "slow", slow)
    tool(tenant, "once", once)

    def hangs(_: Seen) -> int:
        time.sleep(16)
        return 200

    backend.answer = hangs
    agent = calls_with(tenant, "slow", "once")
    with ThreadPoolExecutor(2) as pool:
        began_s = time.monotonic()
        both = pool.submit(agent.use, "slow"), pool.submit(agent.use, "once")
        told = both[0].result()
    assert time.monotonic() - began_s < 25
    assert (told["error"]["type"], told["error"]["may_have_happened"]) == ("timeout", True)
    assert (
        "did not answer in time (tried 2 times); it may have been done all the same"
        in told["error"]["message"]
    )
    assert both[1].result()["error"]["type"] == "timeout"
    assert len(backend.of("/once")) == 1, "a POST that timed out is not sent again"


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (404, {}, b'{"detail": "no such user"}', "unexpected_status"),
        (302, {"Location": "http://127.0.0.1:9/"}, b"", "unexpected_status"),
        (200, {}, b"<html>", "answer_not_json"),
        (200, {}, b"x" * 300_000, "answer_too_large"),
        (200, {"Content-Encoding": "gzip"}, b"not gzip", "answer_not_json"),
    ],
)
def test_what_a_backend_answers_wrong_is_told_exactly(
    tenant: Tenant, backend: Receiver, status: int, headers: dict[str, str], body: bytes, kind: str
) -> None:
    tool(tenant, "ask", {"type": "api_call", "url": backend.url(), "save": {"x": "x"}})
    backend.answer = lambda _: (status, headers, body)
    told = calls_with(tenant, "ask").use("ask")
    assert (told["status"], told["error"]["type"], told["error"]["http_status"]) == ("failed", kind, status)


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
        ({"url": "https://u:p@api.example.com/"}, "config.actions.0.url: the URL may not have a user"),
        (
            {"url": "https://{{user.host}}/"},
            "config.actions.0.url: templates may stand in path and query alone",
        ),
        (
            {"url": "https://api.example.com/#{{user.id}}"},
            "config.actions.0.url: the URL may not have a fragment",
        ),
        (
            {"url": "https://api.example.com/", "headers": {"X": "{{user.x"}},
            "config.actions.0.headers.X: a {{ is not closed",
        ),
        ({"type": "send_fax"}, "config.actions.0: Input tag 'send_fax'"),
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
    tool(tenant, "ask", action)
    agent = calls_with(tenant, "ask")
    changed = {"config": {"actions": [action | {"url": backend.url("/new")}]}}
    assert tenant.api.patch("/api/v1/tools/ask", json=changed).json()["version"] == 2
    assert agent.use("ask")["version"] == 1
    assert Agent(tenant, started(tenant, "meals")).use("ask")["version"] == 2
    assert [seen.path for seen in backend.seen] == ["/old", "/new"]
    in_use = tenant.api.delete("/api/v1/tools/ask")
    assert (in_use.status_code, in_use.json()["error"]["message"]) == (
        409,
        "Tool ask is in use by workflow meals",
    )


def test_tenant_secrets_are_for_requests_alone(tenant: Tenant, backend: Receiver) -> None:
    secret = {"name": "api_key", "value": "canary-secret-2d9a"}
    stored = tenant.api.post("/api/v1/secrets", json=secret)
    assert stored.status_code == 201
    tool(
        tenant,
        "ask",
        {"type": "api_call", "url": backend.url(), "headers": {"X-Api-Key": "{{secrets.api_key}}"}},
    )
    backend.answer = lambda seen: (200, {}, json.dumps({"you_sent": seen.headers["X-Api-Key"]}).encode())
    agent = calls_with(tenant, "ask")
    told = agent.use("ask")
    assert backend.seen[0].headers["X-Api-Key"] == secret["value"]
    assert told["result"] == {"you_sent": "[redacted]"}
    tried = tenant.api.post("/api/v1/tools/ask/try", json={"send": True})
    assert tried.json()["result"] == {"you_sent": "[redacted]"}
    assert len(backend.seen) == 2
    shown = tenant.api.post("/api/v1/tools/ask/try", json={})
    assert shown.json()["actions"][0]["request"]["headers"]["X-Api-Key"] == "[redacted]"
    assert len(backend.seen) == 2
    assert (
        secret["value"] not in stored.text + tried.text + shown.text + tenant.api.get("/api/v1/secrets").text
    )
    _is_nowhere_else(tenant, agent, secret["value"])
    assert tenant.api.delete("/api/v1/secrets/api_key").status_code == 409


def test_a_transfer_brings_the_other_agent_and_the_first_may_go(tenant: Tenant, control: Any) -> None:
    colleague = {"name": "Bea", "livekit_agent_name": f"bea-{tenant.id[:8]}"}
    tenant.api.post("/api/v1/agents", json=colleague).raise_for_status()
    tool(tenant, "hand_over", {"type": "transfer_agent", "agent": "{{params.to}}"}, parameters=[text("to")])
    made(tenant, "meals", tools=["hand_over"], agents=["Bea"])
    opened = started(tenant, "meals")
    control("joins", token=opened["token"])
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    first = call["data"]["agentJobId"]
    agent = Agent(tenant, opened)
    told = agent.use("hand_over", "x", to="Bea")
    assert told["result"] == {"transferred_to": "Bea"}
    agent.use("hand_over", "x", to="Bea")
    path = f"/api/v1/calls/{opened['call_id']}"
    sent = tenant.api.get(f"{path}/dispatches").json()["agent_dispatches"]
    assert [each["agent_name"] for each in sent] == ["ada", colleague["livekit_agent_name"]]
    call = tenant.wait(opened["call_id"], lambda call: call["data"]["agentJobId"] != first)
    assert call["agent_history"] == ["Ada", "Bea"]
    control("leaves", room=opened["room_name"], identity=f"agent-{first}", reason="SIGNAL_CLOSE")
    time.sleep(1)
    assert tenant.call(opened["call_id"])["status"] == "active", "its person has Bea"
    second = call["data"]["agentJobId"]
    control("leaves", room=opened["room_name"], identity=f"agent-{second}", reason="SIGNAL_CLOSE")
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "disconnected")
    assert call["status_reason"] == "agent_lost"


def test_a_phone_call_is_handed_over_and_ended_by_tools(tenant: Tenant) -> None:
    tenant.api.post("/api/v1/agents", json={"name": "Bea", "livekit_agent_name": "bea"}).raise_for_status()
    tool(tenant, "hand_over", {"type": "transfer_agent", "agent": "Bea"})
    tool(tenant, "goodbye", {"type": "end_call", "reason": "all_done"})
    made(tenant, "meals", tools=["hand_over", "goodbye"], agents=["Bea"], channel="phone")
    opened = started(tenant, "meals", user_context={"phone": "+15550100011"})
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    first = call["data"]["agentJobId"]
    agent = Agent(tenant, opened)
    assert agent.use("hand_over")["status"] == "succeeded"
    tenant.wait(opened["call_id"], lambda call: call["data"]["agentJobId"] not in (None, first))
    assert agent.use("goodbye")["result"] == {"ended": True}
    call = tenant.wait_for_end(opened["call_id"])
    assert (call["status"], call["status_reason"]) == ("completed", "agent_hangup")
    assert call["agent_history"] == ["Ada", "Bea"]


def test_nobody_uses_anothers_tools(tenant: Tenant, backend: Receiver) -> None:
    tool(tenant, "ask", {"type": "api_call", "url": backend.url()})
    agent = calls_with(tenant, "ask")
    other = started(tenant, "meals")
    _, key, secret = tenant.stack.config.livekit
    for token, status in (
        ("", 401),
        (agent_token(key, secret, other["room_name"]), 403),
        (agent_token(key, secret, f"call-{agent.call_id}", kind="standard"), 401),
        (tenant.key, 401),
    ):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for answer in (
            httpx.get(f"{agent.api.base_url}tools", headers=headers),
            httpx.post(f"{agent.api.base_url}tools/ask", headers=headers, json={}),
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
    assert backend.seen == []


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
