"""Test keys: a whole integration without LiveKit, a carrier or anybody's phone."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import jwt
import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.room import ListRoomsRequest

from local.webhook_receiver import Receiver
from tests.support.tenant import ENDED, Tenant
from tests.support.webhooks import create_webhook, verified_by_the_guide
from trunkline.calls.test_numbers import TEST_NUMBERS

SPEED = 20


def is_at(status: str, call: dict[str, Any]) -> bool:
    return bool(call["data"]["status"] == status)


def simulated_call(tenant: Tenant, number: str, **more: Any) -> dict[str, Any]:
    return tenant.wait_for_end(tenant.placed(number, **({"testSpeed": SPEED} | more)))


EXPECTED = {
    "+15550100001": ("completed", "user_hangup", None),
    "+15550100002": ("failed", "dial_busy", 486),
    "+15550100003": ("failed", "dial_no_answer", None),
    "+15550100004": ("failed", "trunk_unavailable", 503),
    "+15550100005": ("failed", "user_declined", 603),
    "+15550100006": ("failed", "trunk_no_response", None),
    "+15550100007": ("completed", "user_hangup", None),
    "+15550100008": ("failed", "invalid_destination", 404),
    "+15550100009": ("failed", "dial_no_answer", 480),
    "+15550100010": ("failed", "audio_lost", None),
    "+15550100012": ("failed", "trunk_rejected", 403),
    "+15550100013": ("completed", "user_hangup", None),
    "+15550100014": ("completed", "voicemail_reached", None),
    "+15550100015": ("completed", "user_hangup", None),
    "+15550100016": ("completed", "user_hangup", None),
    "+15550100017": ("failed", "agent_unavailable", None),
    "+15550100018": ("failed", "audio_lost", None),
    "+15550100019": ("completed", "user_hangup", None),
    "+15550100020": ("failed", "blocked_by_carrier", 603),
    "+15550100021": ("failed", "trunk_rejected", 403),
    "+15550100022": ("failed", "media_failed", None),
    "+15550100023": ("failed", "trunk_unreachable", None),
}


def test_a_machine_is_called_again(test_mode: Tenant) -> None:
    policy = {"maxAttempts": 2, "retryOn": ["voicemail"], "intervals": [1]}
    call = simulated_call(test_mode, "+15550100014", redial=policy)
    assert (call["status"], call["status_reason"]) == ("completed", "voicemail_reached")
    assert [past["reason"] for past in call["attempts"]] == ["voicemail_reached"] * 2
    assert all(past["answered_at"] for past in call["attempts"])
    steps = [step["status"] for step in call["timeline"]]
    assert (steps.count("active"), steps.count("completed")) == (2, 1)


async def test_each_magic_number_plays_its_life_and_nobody_is_rung(test_mode: Tenant) -> None:
    untried = {"+15550100011", "+15550100024"}  # never ends; pauses the trunk
    assert set(EXPECTED) | untried == set(TEST_NUMBERS), "every number of the table is tried"
    # The breaker opens after a row of trunk failures: those come among the others.
    placed = {number: test_mode.placed(number, testSpeed=SPEED) for number in EXPECTED}
    for number, call_id in placed.items():
        call = test_mode.wait_for_end(call_id)
        data = call["data"]
        found = (data["status"], call["status_reason"], call["sip_status_code"])
        assert found == EXPECTED[number], number
        assert call["livemode"] is False
    assert test_mode.invites() == []
    numbers = {line["headers"].get("X-Trunkline-Call-Id") for line in test_mode.invites()}
    assert not numbers & set(placed.values())
    async with LiveKitAPI(*test_mode.stack.config.livekit) as livekit:
        rooms = [f"call-{call_id}" for call_id in placed.values()]
        assert not (await livekit.room.list_rooms(ListRoomsRequest(names=rooms))).rooms


def test_a_test_key_sees_and_makes_test_data_alone(test_mode: Tenant, tenant: Tenant) -> None:
    test_call, live_call = test_mode.placed(testSpeed=SPEED), tenant.placed("+15550100013")
    for mine, theirs, api in ((test_call, live_call, test_mode.api), (live_call, test_call, tenant.api)):
        listed = [each["call_id"] for each in api.get("/api/v1/calls").json()["data"]]
        assert mine in listed
        assert theirs not in listed
        assert api.get(f"/api/v1/calls/{theirs}").status_code == 404
        assert api.post(f"/api/v1/calls/{theirs}/cancel").status_code == 404
        assert api.delete(f"/api/v1/calls/{theirs}").status_code == 404
    assert [each["name"] for each in test_mode.api.get("/api/v1/trunks").json()["data"]] == ["test"]
    assert [each["name"] for each in tenant.api.get("/api/v1/trunks").json()["data"]] == ["main"]
    assert test_mode.api.get("/api/v1/agents").json()["data"] == []
    assert test_mode.api.get(f"/api/v1/agents/{tenant.agent.id}").status_code == 404
    assert test_mode.api.patch(f"/api/v1/agents/{tenant.agent.id}", json={}).status_code == 404


def test_agents_and_workflows_of_test_keys_lie_apart(test_mode: Tenant, tenant: Tenant) -> None:
    api = test_mode.api
    agent = api.post("/api/v1/agents", json={"name": "Ada", "livekit_agent_name": "test-ada"}).json()
    assert agent["id"] != tenant.agent.id, "of the same name, and another agent"
    flow = {"slug": "remind", "entry_agent": "Ada", "channel": "phone"}
    assert api.post("/api/v1/workflows", json=flow).status_code == 201
    assert tenant.api.get("/api/v1/workflows/remind").status_code == 404
    body = {"workflow_slug": "remind", "user_id": "u", "user_context": {"phone": "+15550100001"}}
    started = api.post("/api/v1/calls", json=body | {"test_speed": SPEED}).json()
    call = test_mode.wait_for_end(started["call_id"])
    assert (call["status"], call["agent_history"]) == ("completed", ["Ada"])
    assert api.delete("/api/v1/workflows/remind").status_code == 200
    assert api.delete(f"/api/v1/agents/{agent['id']}").status_code == 200
    assert tenant.api.get(f"/api/v1/agents/{tenant.agent.id}").status_code == 200


def test_a_web_call_is_played_and_its_token_leads_nowhere(test_mode: Tenant) -> None:
    body = {"agent_name": "Ada", "user_id": "u", "test_speed": SPEED}
    opened = test_mode.api.post("/api/v1/calls/test-agent", json=body).json()
    assert opened["url"].startswith("wss://")
    assert opened["url"].endswith(".invalid"), "RFC 6761: no such name is ever found"
    claims = jwt.decode(opened["token"], options={"verify_signature": False})
    assert claims["video"]["room"] == opened["room_name"]
    assert claims["roomConfig"]["agents"]
    _, _, secret = test_mode.stack.config.livekit
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(opened["token"], secret, algorithms=["HS256"])
    call = test_mode.wait_for_end(opened["call_id"])
    assert (call["status"], call["metrics"]["message_count"]) == ("completed", 2)


def test_events_go_to_the_test_webhooks_alone(test_mode: Tenant, tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(test_mode, endpoint.url("/test"), filter={"include_transcript": True})
    create_webhook(tenant, endpoint.url("/live"))
    call_id = test_mode.placed("+15550100001", testSpeed=SPEED)
    seen = endpoint.wait_for("/test", 3)
    assert all(verified_by_the_guide(webhook["secret"], each) for each in seen)
    assert {each.event["livemode"] for each in seen} == {False}
    assert {each.event["data"]["call_id"] for each in seen} == {call_id}
    completed = next(each.event["data"] for each in seen if each.event["type"] == "call.completed")
    assert [turn["role"] for turn in completed["transcript"]] == ["assistant", "user"]
    assert not [each for each in endpoint.requests if each.path == "/live"]


def test_a_long_transcript_comes_whole(test_mode: Tenant) -> None:
    call = simulated_call(test_mode, "+15550100019")
    assert call["metrics"]["message_count"] == 400
    assert len(call["transcript"]) == 400


def test_redials_are_played_at_the_calls_speed(test_mode: Tenant) -> None:
    redial = {"maxAttempts": 3, "retryOn": ["busy"], "intervals": [20]}
    call = simulated_call(test_mode, "+15550100002", redial=redial)
    assert [attempt["reason"] for attempt in call["attempts"]] == ["dial_busy"] * 3


def test_a_test_call_can_be_cancelled_while_it_rings_and_while_it_talks(test_mode: Tenant) -> None:
    for number, before, end in (
        ("+15550100003", "connecting", "cancelled"),
        ("+15550100011", "active", "completed"),
    ):
        call_id = test_mode.placed(number)
        test_mode.wait(call_id, partial(is_at, before))
        test_mode.cancel(call_id)
        assert test_mode.wait_for_end(call_id)["data"]["status"] == end


def test_agents_are_added_to_a_test_call_and_taken_out(test_mode: Tenant) -> None:
    call_id = test_mode.placed("+15550100011")
    test_mode.wait(call_id, lambda call: call["data"]["status"] == "active")
    path = f"/api/v1/calls/{call_id}/dispatches"
    own = test_mode.api.get(path).json()["agent_dispatches"]
    assert [each["agent_name"] for each in own] == ["ada"]
    added = test_mode.api.post(path, json={"agent_name": "Ada", "metadata": "m"}).json()
    assert (added["id"][:3], added["metadata"]) == ("AD_", "m")
    assert len(test_mode.api.get(path).json()["agent_dispatches"]) == 2
    assert test_mode.api.delete(f"{path}/{added['id']}").status_code == 200
    assert test_mode.api.delete(f"{path}/AD_none").status_code == 404
    assert len(test_mode.api.get(path).json()["agent_dispatches"]) == 1
    test_mode.cancel(call_id)


def test_live_calls_do_not_wait_for_test_ones(test_mode: Tenant, tenant: Tenant) -> None:
    never_end = [test_mode.placed("+15550100011") for _ in range(20)]
    tenant.wait_for_end(tenant.placed("+15550100013"))
    assert len(tenant.invites()) == 1
    assert not [call_id for call_id in never_end if test_mode.call(call_id)["data"]["status"] in ENDED]
    for call_id in never_end:
        test_mode.cancel(call_id)


def test_speed_is_for_test_keys(tenant: Tenant, test_mode: Tenant) -> None:
    answer = tenant.place(testSpeed=2)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "testSpeed")
    for speed in (0.5, 101, "2", True):
        assert test_mode.place(testSpeed=speed).status_code == 400, speed


def test_a_test_trunk_can_be_paused_and_resumed(test_mode: Tenant) -> None:
    trunk = test_mode.api.get("/api/v1/trunks").json()["data"][0]["id"]
    test_mode.api.patch(f"/api/v1/trunks/{trunk}", json={"paused": True}).raise_for_status()
    call_id = test_mode.placed("+15550100013", testSpeed=SPEED)
    test_mode.wait(call_id, lambda call: call["queue_state"] == "trunk_paused")
    test_mode.api.patch(f"/api/v1/trunks/{trunk}", json={"paused": False}).raise_for_status()
    assert test_mode.wait_for_end(call_id)["data"]["status"] in ENDED


def test_a_test_key_has_no_livekit_to_change(test_mode: Tenant) -> None:
    wish = {"url": "wss://livekit.example.com", "api_key": "key", "api_secret": "s" * 32}
    answer: httpx.Response = test_mode.api.put("/api/v1/livekit", json=wish)
    assert answer.status_code == 400
