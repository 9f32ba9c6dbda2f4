"""Calls by workflow on the deployed stack: web, phone, test agents; who joins, talks, reports and listens."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from livekit.api import TokenVerifier

from tests.stack.fixtures_livekit import Control
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.function_logs import log_lines
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow, post_workflow_call, start_workflow_call

SECRET = "canary-7f3a"


def claims(tenant: Tenant, token: str) -> Any:
    _, key, secret = tenant.stack.config.livekit
    return TokenVerifier(key, secret).verify(token)


@pytest.fixture
async def talker(make_tenant: MakeTenant) -> Tenant:
    """A tenant whose agent talks and reports."""
    return await make_tenant(agent={"livekit_agent_name": "demo-agent"})


def test_a_web_call_from_token_to_transcript(talker: Tenant, control: Control) -> None:
    create_workflow(talker)
    context = {"user_name": "John", "auth_token": SECRET}
    opened = start_workflow_call(talker, user_context=context, metadata={"source": "kafka"})
    assert opened["status"] == "pending"
    assert opened["room_name"] == f"call-{opened['call_id']}"
    assert opened["url"].startswith("ws://")
    assert talker.call(opened["call_id"])["status"] == "pending"
    control("joins", token=opened["token"])
    call = talker.wait(opened["call_id"], lambda call: len(call["transcript"]) == 2)
    assert call["status"] == "active"
    control("leaves", room=opened["room_name"], identity="caller")
    call = talker.wait(opened["call_id"], lambda call: call["summary"] is not None)
    assert (call["status"], call["status_reason"]) == ("completed", "user_hangup")
    assert call["transcript"][0]["content"] == "Hello John!"
    assert call["transcript"][0]["agent"] == "Ada"
    assert (call["answering_machine"], call["agent_history"]) == ("human", ["Ada"])
    assert call["metrics"]["message_count"] == 2
    assert (call["workflow_slug"], call["user_id"]) == ("onboarding", "user-1")
    assert call["metadata"] == {"source": "kafka"}
    types = [
        event["type"] for event in talker.api.get(f"/api/v1/calls/{call['call_id']}/events").json()["data"]
    ]
    assert types == ["pending", "connecting", "active", "answering_machine", "completed", "summary"]


def test_the_token_of_a_web_call_joins_its_room_alone_and_calls_the_agent(tenant: Tenant) -> None:
    create_workflow(tenant, join_window_s=60)
    opened = start_workflow_call(tenant)
    token = claims(tenant, opened["token"])
    assert (token.identity, token.video.room, token.video.room_join) == ("caller", opened["room_name"], True)
    agent = (
        token.room_config["agents"][0] if isinstance(token.room_config, dict) else token.room_config.agents[0]
    )
    shown = agent if isinstance(agent, dict) else {"agentName": agent.agent_name, "metadata": agent.metadata}
    assert shown["agentName"] == "ada"
    assert json.loads(shown["metadata"]) == {"call_id": opened["call_id"]}
    assert token.kind in (None, "")


def test_a_phone_workflow_rings_and_its_token_listens(tenant: Tenant) -> None:
    create_workflow(tenant, "reminder", channel="phone", priority=2)
    opened = start_workflow_call(tenant, "reminder", user_context={"phone": "+15550100001"})
    token = claims(tenant, opened["token"])
    assert token.video.hidden
    assert not token.video.can_publish
    assert not token.room_config
    call = tenant.wait_for_end(opened["call_id"])
    assert (call["status"], call["priority"], call["channel"]) == ("completed", 2, "phone")
    assert call["phone_number"] == "+15550100001"
    assert tenant.invites()[0]["room"] == opened["room_name"]
    late = tenant.api.post(f"/api/v1/calls/{opened['call_id']}/token")
    assert (late.status_code, late.json()["error"]["type"]) == (409, "call_ended")


def test_a_phone_call_by_workflow_takes_all_that_the_queue_offers(tenant: Tenant) -> None:
    create_workflow(tenant, "reminder", channel="phone")
    tenant.change_trunk(paused=True)
    opened = start_workflow_call(
        tenant,
        "reminder",
        user_context={"phone": "+15550100002"},
        priority=0,
        caller_id="+15550109002",
        redial={"max_attempts": 2, "intervals": [1]},
        expires_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600)),
    )
    fresh = tenant.api.post(f"/api/v1/calls/{opened['call_id']}/token")
    assert fresh.json()["room_name"] == opened["room_name"]
    tenant.change_trunk(paused=False)
    call = tenant.wait_for_end(opened["call_id"])
    assert [attempt["reason"] for attempt in call["attempts"]] == ["dial_busy", "dial_busy"]
    assert (call["priority"], call["caller_id"]) == (0, "+15550109002")


def test_a_test_call_needs_no_workflow(talker: Tenant, control: Control) -> None:
    answer = talker.api.post(
        "/api/v1/calls/test-agent",
        json={"agent_name": "Ada", "user_id": "test-user", "user_context": {"test": True}},
    )
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    control("joins", token=opened["token"])
    call = talker.wait(opened["call_id"], lambda call: call["status"] == "active")
    assert call["workflow_slug"] is None
    missing = talker.api.post("/api/v1/calls/test-agent", json={"agent_name": "Eve", "user_id": "u"})
    assert (missing.status_code, missing.json()["error"]["message"]) == (404, "Agent not found")
    chat = {"name": "Chat", "livekit_agent_name": "chat", "type": "chat"}
    assert talker.api.post("/api/v1/agents", json=chat).status_code == 201
    silent = talker.api.post("/api/v1/calls/test-agent", json={"agent_name": "Chat", "user_id": "u"})
    assert (silent.status_code, silent.json()["error"]["message"]) == (400, "Agent must be a voice agent")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"workflow_slug": "nothing"}, 404, "Workflow not found"),
        (
            {"user_context": []},
            400,
            "Validation error: user_context must be a JSON object of at most 65536 bytes",
        ),
        (
            {"user_context": {"x": "y" * 66_000}},
            400,
            "Validation error: user_context must be a JSON object of",
        ),
        ({"metadata": {"x": "y" * 33_000}}, 400, "Validation error: Metadata must be a JSON object"),
        ({"user_id": ""}, 400, "Validation error: user_id must be 1 to 200 characters"),
        ({"user_id": 7}, 400, "Validation error: user_id must be 1 to 200 characters"),
        ({"priority": 3}, 400, "Validation error: priority is for phone workflows"),
        ({"workflow_slug": "reminder"}, 400, "Validation error: Phone number must be in E.164 format"),
        (
            {"workflow_slug": "reminder", "user_context": {"phone": "555-0100"}},
            400,
            "Validation error: Phone number must be in E.164 format (+1234567890)",
        ),
        (
            {"workflow_slug": "reminder", "user_context": {"phone": "+15550100001"}, "expires_at": "soon"},
            400,
            "Validation error: expires_at must be an ISO 8601 time",
        ),
    ],
)
def test_bad_input_is_named(tenant: Tenant, body: dict[str, Any], status: int, message: str) -> None:
    create_workflow(tenant)
    create_workflow(tenant, "reminder", channel="phone")
    answer = post_workflow_call(tenant, **({"slug": body.pop("workflow_slug", "onboarding")} | body))
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"].startswith(message)


async def test_another_tenant_sees_nothing(tenant: Tenant, make_tenant: MakeTenant) -> None:
    other = await make_tenant()
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    call_id = opened["call_id"]
    missing = "00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("GET", "/api/v1/calls/{}"),
        ("GET", "/api/v1/calls/{}/events"),
        ("GET", "/api/v1/calls/{}/transcript"),
        ("POST", "/api/v1/calls/{}/token"),
        ("POST", "/api/v1/calls/{}/cancel"),
    ):
        theirs = other.api.request(method, path.format(call_id))
        none = other.api.request(method, path.format(missing))
        assert theirs.status_code == none.status_code == 404
        assert theirs.json()["error"]["message"] == none.json()["error"]["message"]
    assert other.api.get("/api/v1/calls").json()["data"] == []
    assert post_workflow_call(other).status_code == 404
    assert other.api.get("/api/v1/workflows/onboarding").status_code == 404


def test_a_repeat_with_its_key_makes_one_call(tenant: Tenant) -> None:
    create_workflow(tenant)
    body = {"workflow_slug": "onboarding", "user_id": "u"}
    one, two = (
        tenant.api.post("/api/v1/calls", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    assert one.json()["call_id"] == two.json()["call_id"]
    assert two.headers["Idempotent-Replayed"] == "true"


def test_a_cancelled_web_call_shows_its_person_out(tenant: Tenant, control: Control) -> None:
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    control("joins", token=opened["token"])
    tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    call = tenant.cancel(opened["call_id"])
    assert (call["status"], call["status_reason"]) == ("completed", "hangup_requested")
    pending = start_workflow_call(tenant)
    assert tenant.cancel(pending["call_id"])["status_reason"] == "cancelled"


def test_workflows_and_agents_by_api(tenant: Tenant) -> None:
    created = tenant.api.post("/api/v1/agents", json={"name": "Bea", "livekit_agent_name": "bea"})
    assert created.status_code == 201, created.text
    agent_id = created.json()["id"]
    create_workflow(tenant, agents=["Bea"])
    in_use = tenant.api.delete(f"/api/v1/agents/{agent_id}")
    assert (in_use.status_code, in_use.json()["error"]["type"]) == (409, "in_use")
    changed = tenant.api.patch("/api/v1/workflows/onboarding", json={"agents": []})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert tenant.api.delete(f"/api/v1/agents/{agent_id}").json() == {"id": agent_id, "deleted": True}
    opened = start_workflow_call(tenant)
    tenant.api.patch("/api/v1/workflows/onboarding", json={"name": "New"})
    assert tenant.call(opened["call_id"])["workflow_version"] == 2
    busy = tenant.api.delete("/api/v1/workflows/onboarding")
    assert (busy.status_code, busy.json()["error"]["type"]) == (409, "in_use")
    tenant.cancel(opened["call_id"])
    assert tenant.api.delete("/api/v1/workflows/onboarding").status_code == 200
    assert post_workflow_call(tenant).status_code == 404


async def test_a_phone_calls_lost_agent_is_sent_again(make_tenant: MakeTenant, control: Control) -> None:
    tenant = await make_tenant(agent={"agent_lost": "redispatch"})

    def lose(call: dict[str, Any]) -> None:
        agent = f"agent-{call['data']['agentJobId']}"
        control("leaves", room=call["room_name"], identity=agent, reason="CONNECTION_TIMEOUT")

    call_id = tenant.placed("+15550100011")
    first = tenant.wait(call_id, lambda call: call["status"] == "active")
    lose(first)
    job = first["data"]["agentJobId"]
    second = tenant.wait(call_id, lambda call: call["data"].get("agentJobId") not in (None, job))
    assert second["status"] == "active"
    lose(second)
    call = tenant.wait(call_id, lambda call: call["status"] == "disconnected")
    assert call["status_reason"] == "agent_lost"


def test_a_person_whose_agent_is_lost_is_shown_out(tenant: Tenant, control: Control) -> None:
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    control("joins", token=opened["token"])
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    agent = f"agent-{call['data']['agentJobId']}"
    control("leaves", room=opened["room_name"], identity=agent, reason="CONNECTION_TIMEOUT")
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "disconnected")
    assert call["status_reason"] == "agent_lost"


def test_a_person_whose_agent_left_by_itself_is_shown_out_after_the_grace(
    tenant: Tenant, control: Control
) -> None:
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    control("joins", token=opened["token"])
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "active")
    control("leaves", room=opened["room_name"], identity=f"agent-{call['data']['agentJobId']}")
    call = tenant.wait(opened["call_id"], lambda call: call["status"] == "completed")
    assert call["status_reason"] == "agent_hangup"


def test_a_callee_whose_agent_left_by_itself_is_hung_up_after_the_grace(
    tenant: Tenant, control: Control
) -> None:
    call_id, began_ms = tenant.placed("+15550100011"), int(time.time() * 1000)
    call = tenant.wait(call_id, lambda call: call["status"] == "active")
    control("leaves", room=call["room_name"], identity=f"agent-{call['data']['agentJobId']}")
    call = tenant.wait(call_id, lambda call: call["status"] == "completed")
    poll(
        lambda: [line.fields for line in log_lines(tenant.stack, began_ms, ["call_check"])],
        lambda lines: [line for line in lines if line.get("call_id") == call_id],
    )
    assert call["status_reason"] == "agent_hangup"
    assert call["attempts"][0]["sip_call_id"] == call["data"]["sipCallId"]
