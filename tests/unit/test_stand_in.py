"""The LiveKit stand-in, asked by the official client and by hand, against the measured facts."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import json
from typing import Any

import aiohttp
import pytest
from livekit import api
from livekit.api import AccessToken, LiveKitAPI, ServerError, TokenVerifier

from tests.unit.fixtures_stand_in import KEY, SECRET, RunningStandIn, until


async def test_dispatch_and_rooms_with_the_official_client(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    request = api.CreateAgentDispatchRequest(agent_name="ada", room="r1", metadata="m")
    made = await livekit.agent_dispatch.create_dispatch(request)
    assert made.id.startswith("AD_")
    assert (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms[0].name == "r1"
    await until(lambda: "participant_joined" in stand_in.events())
    listed = await livekit.agent_dispatch.list_dispatch("r1")
    assert listed[0].state.jobs[0].state.status == api.JobStatus.JS_RUNNING
    people = (await livekit.room.list_participants(api.ListParticipantsRequest(room="r1"))).participants
    assert people[0].identity == f"agent-{listed[0].state.jobs[0].id}"
    assert people[0].kind == api.ParticipantInfo.Kind.AGENT
    await livekit.agent_dispatch.delete_dispatch(made.id, "r1")
    with pytest.raises(ServerError, match="dispatch ID not found"):
        await livekit.agent_dispatch.delete_dispatch(made.id, "r1")
    await livekit.room.delete_room(api.DeleteRoomRequest(room="r1"))
    await until(lambda: stand_in.events()[-1:] == ["room_finished"])
    assert stand_in.events() == ["room_started", "participant_joined", "participant_left", "room_finished"]


async def test_a_dispatch_is_not_idempotent_and_an_absent_agent_never_comes(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    stand_in.server.rooms.agents.joins_after_s["ada"] = None
    request = api.CreateAgentDispatchRequest(agent_name="ada", room="r1")
    ids = {(await livekit.agent_dispatch.create_dispatch(request)).id for _ in range(2)}
    assert len(ids) == 2
    await asyncio.sleep(0.5)
    listed = await livekit.agent_dispatch.list_dispatch("r1")
    assert [list(dispatch.state.jobs) for dispatch in listed] == [[], []]


async def post(stand_in: RunningStandIn, method: str, body: bytes, token: str | None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    url = f"{stand_in.url}/twirp/livekit.{method}"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


def token(secret: str = SECRET, key: str = KEY, ttl_s: int = 60, **grants: Any) -> str:
    made = AccessToken(key, secret).with_ttl(datetime.timedelta(seconds=ttl_s))
    return made.with_grants(api.VideoGrants(**grants)).to_jwt()


async def test_json_takes_both_cases_and_answers_in_snake_case_with_defaults(
    stand_in: RunningStandIn,
) -> None:
    body = b'{"agentName":"dialer-agent","room":"r1","metadata":"camel","unknown":1}'
    good = token(room_admin=True, room="r1")
    status, text = await post(stand_in, "AgentDispatchService/CreateDispatch", body, good)
    answer = json.loads(text)
    assert status == 200
    assert (answer["agent_name"], answer["restart_policy"]) == ("dialer-agent", "JRP_ON_FAILURE")
    assert answer["state"]["jobs"] == []
    assert isinstance(answer["state"]["created_at"], str)
    status, text = await post(
        stand_in, "AgentDispatchService/ListDispatch", b'{"dispatch_id":"AD_x","room":"r1"}', good
    )
    assert (status, json.loads(text)) == (200, {"agent_dispatches": []})


async def test_refusals_are_worded_as_livekits(stand_in: RunningStandIn) -> None:
    method, body = "AgentDispatchService/CreateDispatch", b'{"agent_name":"a","room":"r1"}'
    denied = {"code": "unauthenticated", "msg": "permissions denied"}
    for bad in (None, token(), token(room_admin=True, room="r2")):
        status, text = await post(stand_in, method, body, bad)
        assert (status, json.loads(text)) == (401, denied)
    expected = (401, "invalid API key: nokey")
    assert await post(stand_in, method, body, token(key="nokey")) == expected
    status, text = await post(stand_in, method, body, token(ttl_s=-120, room_admin=True))
    assert status == 401
    assert "expired" in text
    good = token(room_admin=True)
    status, text = await post(stand_in, method, b"{", good)
    assert (status, json.loads(text)["code"]) == (400, "malformed")
    assert (await post(stand_in, "AgentDispatchService/Nothing", b"{}", good))[0] == 404
    status, text = await post(stand_in, "AgentDispatchService/ListDispatch", b'{"room":"nowhere"}', good)
    assert (status, json.loads(text)["msg"]) == (503, "twirp error unknown: no response from servers")


async def test_webhooks_are_signed_retried_with_the_same_id_and_in_order(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    stand_in.fail_next.extend([500])
    await livekit.room.create_room(api.CreateRoomRequest(name="r1"))
    await livekit.room.delete_room(api.DeleteRoomRequest(room="r1"))
    await until(lambda: len(stand_in.received) == 2)
    assert stand_in.events() == ["room_started", "room_finished"]
    for body, authorization, raw in stand_in.received:
        claims = TokenVerifier(KEY, SECRET).verify(authorization)
        assert base64.b64decode(claims.sha256 or "") == hashlib.sha256(raw).digest()
        assert body["id"].startswith("EV_")
