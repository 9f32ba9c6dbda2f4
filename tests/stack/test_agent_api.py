"""The agent API on the deployed stack: who is let in, what is answered, what is refused."""

from __future__ import annotations

from local.deployment import client
from tests.support import http
from tests.support.agent_in_call import agent_token
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow, start_workflow_call
from trunkline.storage.keys.item import ItemKey

SECRET = "canary-7f3a"


def test_nobody_reads_the_context(tenant: Tenant) -> None:
    """Not from the table, and not from the agent's own context."""
    create_workflow(tenant, secret_keys=["pin"])
    context = {"auth_token": SECRET, "pin": SECRET, "user_name": "Jo"}
    opened = start_workflow_call(tenant, user_context=context)
    dynamodb = client(tenant.stack.config, "dynamodb")
    table = tenant.stack.outputs.values["TableName"]
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"C#{opened['call_id']}"}},
    )
    assert any(item["sk"]["S"] == ItemKey("", "PRIVATE#USER_CONTEXT").sk for item in found["Items"])
    assert SECRET not in repr(found)
    assert "Jo" not in repr([item for item in found["Items"] if item["sk"]["S"] != "CALL"])
    _, key, secret = tenant.stack.config.livekit
    url = f"{tenant.stack.config.api_url}/agent/v1/calls/{opened['call_id']}/context"
    refused = http.get(url, headers={"Authorization": f"Bearer {opened['token']}"})
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "invalid_agent_token")
    told = http.get(url, headers={"Authorization": f"Bearer {agent_token(key, secret, opened['room_name'])}"})
    assert told.status_code == 200, told.text
    assert told.json()["user_context"] == {"user_name": "Jo"}


def test_forged_and_foreign_tokens_are_refused(tenant: Tenant) -> None:
    create_workflow(tenant)
    one, other = start_workflow_call(tenant), start_workflow_call(tenant)
    _, key, secret = tenant.stack.config.livekit
    url = f"{tenant.stack.config.api_url}/agent/v1/calls/{one['call_id']}/reports"
    body = {"reports": [{"type": "answered"}]}
    for token, status, kind in (
        (
            agent_token(key, "other-secret-that-is-long-enough-0", one["room_name"]),
            401,
            "invalid_agent_token",
        ),
        (agent_token("other", secret, one["room_name"]), 401, "invalid_agent_token"),
        (agent_token(key, secret, one["room_name"], kind="standard"), 401, "invalid_agent_token"),
        (agent_token(key, secret, "lobby"), 401, "invalid_agent_token"),
        (agent_token(key, secret, other["room_name"]), 403, "wrong_call"),
        ("nonsense", 401, "invalid_agent_token"),
        ("", 401, "invalid_agent_token"),
    ):
        answer = http.post(url, json=body, headers={"Authorization": f"Bearer {token}"} if token else {})
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind), token
    assert tenant.call(one["call_id"])["status"] == "pending"


def test_a_turn_of_a_megabyte_is_refused_clearly(tenant: Tenant) -> None:
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    _, key, secret = tenant.stack.config.livekit
    url = f"{tenant.stack.config.api_url}/agent/v1/calls/{opened['call_id']}/reports"
    turn = {"sequence": 1, "role": "user", "content": "x" * 1_000_000}
    answer = http.post(
        url,
        json={"reports": [{"type": "transcript", "turns": [turn]}]},
        headers={"Authorization": f"Bearer {agent_token(key, secret, opened['room_name'])}"},
    )
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")
