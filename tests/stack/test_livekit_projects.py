"""A tenant's own LiveKit: its calls go through it, its word counts for its own rooms, and its trouble is its
own."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from livekit.api import AccessToken, VideoGrants

from local.deployment import client
from local.stack import Stack
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.own_livekit import OwnLiveKit, create_sip_trunk, end_news, own_livekit
from tests.support.tenant import Tenant
from trunkline.agents.schemas import AgentSpec
from trunkline.trunks.schemas import TrunkSpec

NUMBERS = ["+15550109001"]


@pytest.fixture
def own(stack: Stack, tmp_path: Path) -> Iterator[OwnLiveKit]:
    with own_livekit(stack.config.api_url, tmp_path) as made:
        yield made


@pytest.fixture
async def owner(tenant: Tenant, own: OwnLiveKit) -> Tenant:
    """The tenant with its own project, a trunk of it and an agent on that."""
    tenant.api.put("/api/v1/livekit", json=own.wish()).raise_for_status()
    sip_trunk_id = await create_sip_trunk((own.url, own.key, own.secret), "own", NUMBERS)
    operator = tenant.stack.operator()
    spec = TrunkSpec(name="own", sip_trunk_id=sip_trunk_id, cps=20, numbers=NUMBERS, own_livekit=True)
    trunk = operator.create_trunk(spec, [tenant.id])
    agent = AgentSpec(name="Own", livekit_agent_name="own-agent", trunk="own")
    return replace(tenant, trunk=trunk, agent=operator.create_agent(tenant.id, agent))


def test_its_phone_calls_go_through_it_and_its_agents_report(owner: Tenant, own: OwnLiveKit) -> None:
    call_id = owner.placed("+15550100011")  # talks on: a slow start of the agents' API takes no turn away
    owner.wait(call_id, lambda call: len(call["transcript"]) == 2)
    owner.cancel(call_id)
    assert owner.wait_for_end(call_id)["status"] == "completed"
    assert [line["headers"]["X-Trunkline-Call-Id"] for line in own.invites()] == [call_id]
    assert owner.invites() == [], "the deployment's carrier saw nothing"


def test_its_web_calls_are_in_its_project(owner: Tenant, own: OwnLiveKit) -> None:
    body = {"agent_name": "Own", "user_id": "u"}
    opened = owner.api.post("/api/v1/calls/test-agent", json=body).json()
    assert opened["url"] == own.url.replace("http", "ws")
    assert jwt.decode(opened["token"], own.secret, algorithms=["HS256"])["iss"] == own.key
    http.put(f"{own.url}/_control/joins", json={"token": opened["token"]}).raise_for_status()
    owner.wait(opened["call_id"], lambda call: call["status"] == "active")
    listed = owner.api.get(f"/api/v1/calls/{opened['call_id']}/dispatches").json()["agent_dispatches"]
    assert [each["agent_name"] for each in listed] == ["own-agent"]
    owner.cancel(opened["call_id"])
    assert owner.call(opened["call_id"])["status"] == "completed"


def test_the_project_is_shown_without_its_secret_and_can_be_taken_away(
    owner: Tenant, own: OwnLiveKit
) -> None:
    shown = owner.api.get("/api/v1/livekit").json()
    assert (shown["own"], shown["url"], shown["api_key"]) == (True, own.url, own.key)
    assert shown["webhook_url"].endswith("/livekit/webhook")
    assert own.secret not in json.dumps(shown)
    secrets = client(owner.stack.config, "secretsmanager")
    name = f"trunkline-local/livekit/{owner.id}"
    assert own.secret in secrets.get_secret_value(SecretId=name)["SecretString"]
    table = client(owner.stack.config, "dynamodb")
    items = table.scan(TableName=owner.stack.outputs.values["TableName"])["Items"]
    assert own.secret not in repr(items)
    assert owner.api.delete("/api/v1/livekit").status_code == 200
    assert owner.api.get("/api/v1/livekit").json()["own"] is False
    assert owner.api.delete("/api/v1/livekit").status_code == 404
    with pytest.raises(secrets.exceptions.ClientError):
        secrets.get_secret_value(SecretId=name)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "wss://127.0.0.1"}, "url"),
        ({"url": "wss://169.254.169.254"}, "url"),
        ({"url": "ws://livekit.example.com"}, "url"),
        ({"url": "wss://livekit.internal"}, "url"),
        ({"url": "http://127.0.0.1:22"}, "url"),
        ({"url": "wss://user:pass@livekit.example.com"}, "url"),
        ({"url": "ftp://livekit.example.com"}, "url"),
        ({"api_key": "a b"}, "api_key"),
        ({"api_secret": "short"}, "api_secret"),
    ],
)
def test_a_project_at_a_hostile_address_is_refused(
    tenant: Tenant, own: OwnLiveKit, changes: dict[str, str], field: str
) -> None:
    answer = tenant.api.put("/api/v1/livekit", json=own.wish(**changes))
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert tenant.api.get("/api/v1/livekit").json()["own"] is False


async def test_its_word_counts_for_its_own_rooms_alone(
    owner: Tenant, own: OwnLiveKit, make_tenant: MakeTenant
) -> None:
    """Events and reports that are signed with a tenant's key do not change another tenant's call."""
    other = await make_tenant()
    call_id = other.placed("+15550100011")
    call = other.wait(call_id, lambda call: call["data"]["status"] == "active")
    room = call["data"]["roomId"]
    assert end_news(owner.stack, own, room).status_code == 200
    token = AccessToken(own.key, own.secret).with_kind("agent").with_identity("agent-AJ_evil")
    token = token.with_grants(VideoGrants(room=room, room_join=True, agent=True))
    url = f"{owner.stack.config.api_url}/agent/v1/calls/{call_id}"
    bearer = {"Authorization": f"Bearer {token.to_jwt()}"}
    for answer in (
        http.get(f"{url}/context", headers=bearer),
        http.post(f"{url}/reports", headers=bearer, json={"reports": [{"type": "ended"}]}),
    ):
        assert (answer.status_code, answer.json()["error"]["type"]) == (403, "wrong_call")
    assert other.call(call_id)["data"]["status"] == "active"
    other.cancel(call_id)


async def test_naming_anothers_key_as_ones_own_gains_nothing(
    owner: Tenant, own: OwnLiveKit, make_tenant: MakeTenant
) -> None:
    thief = await make_tenant()
    forged = "f" * 32
    thief.api.put("/api/v1/livekit", json=own.wish(api_secret=forged)).raise_for_status()
    call_id = owner.placed("+15550100011")
    call = owner.wait(call_id, lambda call: call["data"]["status"] == "active")
    assert end_news(owner.stack, replace(own, secret=forged), call["data"]["roomId"]).status_code == 200
    assert owner.call(call_id)["data"]["status"] == "active"
    owner.cancel(call_id)
    assert owner.wait_for_end(call_id)["data"]["status"] == "completed", "its own events still count"


def test_right_credentials_let_its_trunk_dial_before_its_pause_is_over(
    owner: Tenant, own: OwnLiveKit
) -> None:
    owner.api.put("/api/v1/livekit", json=own.wish(api_secret="w" * 32)).raise_for_status()
    call_id = owner.placed("+15550100001")
    owner.wait(call_id, lambda call: call["queue_state"] == "livekit_refused")
    trunk_url = f"/api/v1/trunks/{owner.trunk.id}"
    paused_until = owner.api.get(trunk_url).json()["paused_until"]
    owner.api.put("/api/v1/livekit", json=own.wish()).raise_for_status()
    call = owner.wait_for_end(call_id)
    assert call["status"] == "completed"
    events = owner.api.get(trunk_url).json()["events"]
    (resumed,) = (event for event in events if event["reason"] == "livekit_changed")
    assert resumed["type"] == "trunk.resumed"
    assert resumed["at"] < paused_until


async def test_one_that_hangs_delays_nobody_elses_calls(
    owner: Tenant, own: OwnLiveKit, make_tenant: MakeTenant
) -> None:
    other = await make_tenant()
    own.process.send_signal(signal.SIGSTOP)
    waiting = [owner.placed("+15550100013") for _ in range(5)]
    for _ in range(5):
        assert other.wait_for_end(other.placed("+15550100013"))["status"] == "completed"
    assert {owner.call(call_id)["data"]["status"] for call_id in waiting} == {"queued"}
    own.process.send_signal(signal.SIGCONT)
    for call_id in waiting:
        owner.cancel(call_id)
