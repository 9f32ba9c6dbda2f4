"""Bad input, bad keys, bad days: each its own exact answer, nothing half-written."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from local.deployment import client
from local.stack import Stack
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.function_copy import api_copy
from tests.support.tenant import Tenant
from trunkline.auth.api_key import new_api_key
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.table import Table

URL = "/api/v1/calls/outbound"
E164 = "Validation error: Phone number must be in E.164 format (+1234567890)"
TOO_DEEP = "Validation error: Request body is nested deeper than 32 levels"
NOT_JSON = "Validation error: Request body must be valid JSON"


def error_of(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()["error"]
    assert body["code"] == answer.status_code
    assert body["type"]
    assert body["request_id"]
    return answer.status_code, body["message"]


def waiting(stack: Stack, tenant: Tenant) -> int:
    table = Table(client(stack.config, "dynamodb"), stack.outputs.values["TableName"])
    return len(DialQueue(table).peek(tenant.trunk.id, tenant.id, 50))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phoneNumber": "415"}, E164),
        ({"phoneNumber": 5}, E164),
        ({"phoneNumber": "+1415555267１"}, E164),
        ({"agentId": "agent-1"}, "Validation error: Invalid agent ID format"),
        ({"priority": 11}, "Validation error: Priority must be an integer between 0 and 10"),
        ({"priority": "5"}, "Validation error: Priority must be an integer between 0 and 10"),
        ({"priority": True}, "Validation error: Priority must be an integer between 0 and 10"),
        ({"callerId": "+15550000000"}, "Caller ID must be one of the trunk's phone numbers"),
        ({"metadata": "x"}, "Validation error: Metadata must be a JSON object of at most 32768 bytes"),
    ],
)
def test_a_wrong_field_is_a_400_with_its_text(
    stack: Stack, tenant: Tenant, change: dict[str, Any], message: str
) -> None:
    body = {"agentId": tenant.agent.id, "phoneNumber": "+15550100001"} | change
    assert error_of(tenant.api.post(URL, json=body)) == (400, message)
    assert waiting(stack, tenant) == 0


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"", 400, NOT_JSON),
        (b"{", 400, NOT_JSON),
        (b'{"metadata": {"a": NaN}}', 400, NOT_JSON),
        (b'{"metadata": {"a": -Infinity}}', 400, NOT_JSON),
        # The emulator puts U+FFFD for bad bytes; on AWS they arrive in base64 (test_request_body.py).
        (b'{"phoneNumber": "\xff\xfe"}', 400, "Validation error: Invalid agent ID format"),
        (b"[" * 100_000, 400, NOT_JSON),
        (b'{"a":' * 90 + b"1" + b"}" * 90, 400, TOO_DEEP),
        (b"[1]", 400, "Validation error: Request body must be a JSON object"),
        (b'{"a": "' + b"x" * 300_000 + b'"}', 413, "Request body is larger than 262144 bytes"),
    ],
    ids=["empty", "malformed", "nan", "infinity", "utf8", "deep", "nested", "list", "huge"],
)
def test_a_body_that_is_no_sane_json_is_a_4xx(
    tenant: Tenant, content: bytes, status: int, message: str
) -> None:
    headers = {"content-type": "application/json"}
    assert error_of(tenant.api.post(URL, content=content, headers=headers)) == (status, message)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "nonsense"},
        {"x-api-key": new_api_key(livemode=True)},
        {"authorization": f"Bearer {new_api_key(livemode=False)}"},
        {"authorization": "Basic abc"},
        {"authorization": "Bearer"},
    ],
)
def test_without_a_good_key_everything_is_a_401(stack: Stack, headers: dict[str, str]) -> None:
    for method, path in (("POST", URL), ("GET", "/api/v1/calls/550e8400-e29b-41d4-a716-446655440000")):
        answer = http.request(method, stack.config.api_url + path, headers=headers, json={})
        assert error_of(answer) == (401, "Invalid API key")


def test_a_bearer_key_is_as_good_as_an_api_key_header(tenant: Tenant) -> None:
    answer = http.post(
        tenant.stack.config.api_url + URL,
        headers={"authorization": f"Bearer {tenant.key}"},
        json={"agentId": tenant.agent.id, "phoneNumber": "+15550100002"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("scopes", "may_create", "may_read"),
    [(["calls:create"], True, False), (["calls:initiate"], True, False), (["calls:read"], False, True)],
)
def test_a_key_does_only_what_its_scopes_allow(
    tenant: Tenant, scopes: list[str], may_create: bool, may_read: bool
) -> None:
    key = tenant.stack.operator().create_key(tenant.id, "narrow", scopes, livemode=True)
    api = http.client(base_url=tenant.stack.config.api_url, headers={"x-api-key": key})
    call_id = tenant.placed("+15550100002")
    body = {"agentId": tenant.agent.id, "phoneNumber": "+15550100002"}
    created, read = api.post(URL, json=body), api.get(f"/api/v1/calls/{call_id}")
    if may_create:
        assert created.status_code == 201
    else:
        assert error_of(created) == (403, "Missing scope: calls:create")
    if may_read:
        assert read.status_code == 200
    else:
        assert error_of(read) == (403, "Missing scope: calls:read")


async def test_another_tenants_agent_and_call_are_like_missing_ones(make_tenant: MakeTenant) -> None:
    mine: Tenant = await make_tenant()
    theirs: Tenant = await make_tenant()
    call_id = theirs.placed("+15550100002")
    stranger = mine.api.get(f"/api/v1/calls/{call_id}")
    missing = mine.api.get("/api/v1/calls/550e8400-e29b-41d4-a716-446655440000")
    assert error_of(stranger) == error_of(missing) == (404, "Call not found")
    for agent_id in (theirs.agent.id, "550e8400-e29b-41d4-a716-446655440000"):
        answer = mine.api.post(URL, json={"agentId": agent_id, "phoneNumber": "+15550100001"})
        assert error_of(answer) == (404, "Agent not found or access denied")


def test_a_call_id_that_is_no_id_is_a_404(tenant: Tenant) -> None:
    for path in ("x", "%00", "..%2f..", "a" * 3000):
        assert error_of(tenant.api.get(f"/api/v1/calls/{path}"))[0] == 404


def test_an_unknown_route_or_method_is_a_404_in_our_own_words(tenant: Tenant) -> None:
    assert error_of(tenant.api.get("/api/v1/nothing")) == (404, "Route not found")
    assert error_of(tenant.api.put(URL)) == (404, "Route not found")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "chat"}, "Agent must be a voice agent for outbound calls"),
        ({"status": "inactive"}, "Agent must be active to make calls"),
    ],
)
def test_an_agent_that_cant_call_is_a_400(tenant: Tenant, change: dict[str, str], message: str) -> None:
    tenant.stack.operator().agents.save(replace(tenant.agent, **change))  # type: ignore[arg-type]
    assert error_of(tenant.place()) == (400, message)


@pytest.fixture
def empty_livekit_secret(stack: Stack) -> Iterator[str]:
    """A secret without a LiveKit, under a name that the function may read."""
    secrets = client(stack.config, "secretsmanager")
    shown = secrets.describe_secret(SecretId=stack.outputs.values["LiveKitSecretArn"])
    name = f"{shown['Name']}-{uuid.uuid4().hex[:8]}"
    yield str(secrets.create_secret(Name=name, SecretString="{}")["ARN"])
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_without_livekit_the_answer_is_the_documents(
    stack: Stack, tenant: Tenant, empty_livekit_secret: str
) -> None:
    with api_copy(stack, tenant.key, LIVEKIT_SECRET_ARN=empty_livekit_secret) as api:
        answer = replace(tenant, api=api).place()
    message = "LiveKit service is not configured. Please contact support."
    assert error_of(answer) == (500, message)
    assert waiting(stack, tenant) == 0


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        # The function may send to its own queues alone: of any other it learns no more.
        ({"DIAL_QUEUE_URL": "{queue}-gone"}, "AccessDenied"),
        ({"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9"}, "Connection failed"),
        ({"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:{silent}"}, "Connection timeout"),
    ],
    ids=["gone", "refused", "silent"],
)
def test_a_queue_that_cant_be_reached_withdraws_the_call(
    stack: Stack, tenant: Tenant, silent_port: int, broken: dict[str, str], cause: str
) -> None:
    names = {"queue": stack.outputs.values["DialQueueUrl"], "silent": silent_port}
    environment = {name: value.format(**names) for name, value in broken.items()}
    # Else the reconciler may wake the line in these seconds: then the call was claimed, and stays accepted.
    tenant.change_trunk(paused=True)
    with api_copy(stack, tenant.key, **environment) as api:
        assert error_of(replace(tenant, api=api).place()) == (500, f"Failed to queue call: {cause}")
    assert waiting(stack, tenant) == 0
    tenant.change_trunk(paused=False)
    witness = tenant.placed("+15550100002")
    tenant.wait_for_end(witness)
    assert [invite["room"] for invite in tenant.invites()] == [f"call-{witness}"]


def test_errors_have_the_documents_shape(tenant: Tenant) -> None:
    answer = tenant.place("123")
    assert answer.headers["content-type"] == "application/json"
    error = json.loads(answer.text)["error"]
    assert {"message": error["message"], "code": error["code"]} == {"message": E164, "code": 400}
    assert error["field"] == "phoneNumber"
