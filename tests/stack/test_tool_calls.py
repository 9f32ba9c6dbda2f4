"""Tools used in calls on the deployed stack: repeats, failures, time, and other agents."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.webhook_receiver import ReceivedRequest, Receiver
from tests.stack.fixtures_livekit import Control
from tests.support.agent_in_call import (
    TOKEN,
    AgentInCall,
    create_tool,
    start_call_with_tools,
    string_parameter,
)
from tests.support.function_logs import log_lines
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow, start_workflow_call


def test_an_invocation_is_in_the_calls_story_with_bodies_where_that_is_wished(
    tenant: Tenant, backend: Receiver
) -> None:
    began_ms = int(time.time() * 1000)
    post = {
        "type": "api_call",
        "method": "POST",
        "url": backend.url(),
        "body": {"t": "{{user.auth_token}}", "m": "{{params.m}}"},
    }
    create_tool(tenant, "plain", post, parameters=[string_parameter("m")])
    create_tool(tenant, "told", post, parameters=[string_parameter("m")], record_bodies=True)
    agent = start_call_with_tools(tenant, "plain", "told")
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
    written = poll(
        lambda: log_lines(tenant.stack, began_ms, ["agent_api"]), lambda lines: "ToolLatency" in str(lines)
    )
    assert "ToolInvocations" in str(written)


def test_a_repeated_invocation_is_not_repeated(tenant: Tenant, backend: Receiver) -> None:
    create_tool(
        tenant,
        "save_meal",
        {"type": "api_call", "method": "POST", "url": backend.url(), "body": {"m": "{{params.m}}"}},
        parameters=[string_parameter("m")],
    )
    agent = start_call_with_tools(tenant, "save_meal")
    first = agent.use("save_meal", "inv-1", m="soup")
    assert agent.use("save_meal", "inv-1", m="soup") == first
    conflict = agent.post_use("save_meal", "inv-1", m="salad")
    assert (conflict.status_code, conflict.json()["error"]["type"]) == (409, "idempotency_conflict")
    assert len(backend.requests) == 1
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agent.post_use("save_meal", "inv-2", m="soup"), range(8)))
    assert len(backend.requests) == 2
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert agent.use("save_meal", "inv-2", m="soup")["status"] == "succeeded"
    assert len(backend.requests) == 2


def test_a_backend_that_fails_is_tried_again_with_the_same_key(tenant: Tenant, backend: Receiver) -> None:
    create_tool(tenant, "save_meal", {"type": "api_call", "method": "POST", "url": backend.url(), "body": {}})
    agent = start_call_with_tools(tenant, "save_meal")
    backend.respond = lambda _: 503 if len(backend.requests) < 3 else (201, {}, b'{"meal_id": 1}')
    told = agent.use("save_meal")
    assert (told["status"], told["actions"][0]["tries"]) == ("succeeded", 3)
    assert len({seen.headers["Idempotency-Key"] for seen in backend.requests}) == 1
    assert len(backend.requests) == 3


def test_time_outs_that_add_up_end_with_a_clear_answer(tenant: Tenant, backend: Receiver) -> None:
    slow = {
        "type": "api_call",
        "method": "PUT",
        "url": backend.url("/slow"),
        "body": {},
        "timeout": 15,
        "retry_count": 3,
    }
    once = {"type": "api_call", "method": "POST", "url": backend.url("/once"), "body": {}, "timeout": 1}
    create_tool(tenant, "slow", slow)
    create_tool(tenant, "once", once)

    def hangs(_: ReceivedRequest) -> int:
        time.sleep(16)
        return 200

    backend.respond = hangs
    agent = start_call_with_tools(tenant, "slow", "once")
    with ThreadPoolExecutor(2) as pool:
        both = pool.submit(agent.use, "slow"), pool.submit(agent.use, "once")
        told = both[0].result()
    assert (told["error"]["type"], told["error"]["may_have_happened"]) == ("timeout", True)
    assert "did not respond in time (tried 2 times); it may still have been done" in told["error"]["message"]
    assert both[1].result()["error"]["type"] == "timeout"
    assert len(backend.requests_to("/once")) == 1, "a POST that timed out is not sent again"


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
    create_tool(tenant, "ask", {"type": "api_call", "url": backend.url(), "save": {"x": "x"}})
    backend.respond = lambda _: (status, headers, body)
    told = start_call_with_tools(tenant, "ask").use("ask")
    assert (told["status"], told["error"]["type"], told["error"]["http_status"]) == ("failed", kind, status)


def test_a_transfer_brings_the_other_agent_and_the_first_may_go(tenant: Tenant, control: Control) -> None:
    colleague = {"name": "Bea", "livekit_agent_name": f"bea-{tenant.id[:8]}"}
    tenant.api.post("/api/v1/agents", json=colleague).raise_for_status()
    create_tool(
        tenant,
        "hand_over",
        {"type": "transfer_agent", "agent": "{{params.to}}"},
        parameters=[string_parameter("to")],
    )
    create_workflow(tenant, "meals", tools=["hand_over"], agents=["Bea"])
    opened = start_workflow_call(tenant, "meals")
    control("joins", token=opened["token"])
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    first = call["data"]["agentJobId"]
    agent = AgentInCall(tenant, opened)
    told = agent.use("hand_over", "x", to="Bea")
    assert told["result"] == {"transferred_to": "Bea"}
    agent.use("hand_over", "x", to="Bea")
    path = f"/api/v1/calls/{opened['call_id']}"
    sent = tenant.api.get(f"{path}/dispatches").json()["agent_dispatches"]
    assert [each["agent_name"] for each in sent] == ["ada", colleague["livekit_agent_name"]]
    call = tenant.wait(opened["call_id"], lambda call: call["data"]["agentJobId"] != first)
    assert call["agent_history"] == ["Ada", "Bea"]
    control("leaves", room=opened["room_name"], identity=f"agent-{first}", reason="SIGNAL_CLOSE")
    assert tenant.call(opened["call_id"])["status"] == "active", "its person has Bea"
    second = call["data"]["agentJobId"]
    control("leaves", room=opened["room_name"], identity=f"agent-{second}", reason="SIGNAL_CLOSE")
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "disconnected")
    assert call["status_reason"] == "agent_lost"


def test_a_phone_call_is_handed_over_and_ended_by_tools(tenant: Tenant) -> None:
    tenant.api.post("/api/v1/agents", json={"name": "Bea", "livekit_agent_name": "bea"}).raise_for_status()
    create_tool(tenant, "hand_over", {"type": "transfer_agent", "agent": "Bea"})
    create_tool(tenant, "goodbye", {"type": "end_call", "reason": "all_done"})
    create_workflow(tenant, "meals", tools=["hand_over", "goodbye"], agents=["Bea"], channel="phone")
    opened = start_workflow_call(tenant, "meals", user_context={"phone": "+15550100011"})
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    first = call["data"]["agentJobId"]
    agent = AgentInCall(tenant, opened)
    assert agent.use("hand_over")["status"] == "succeeded"
    tenant.wait(opened["call_id"], lambda call: call["data"]["agentJobId"] not in (None, first))
    assert agent.use("goodbye")["result"] == {"ended": True}
    call = tenant.wait_for_end(opened["call_id"])
    assert (call["status"], call["status_reason"]) == ("completed", "agent_hangup")
    assert call["agent_history"] == ["Ada", "Bea"]
