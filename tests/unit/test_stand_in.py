"""The LiveKit stand-in, asked by the official client and by hand, against the measured facts."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from livekit import api
from livekit.api import AccessToken, LiveKitAPI, ServerError, SipCallError, TokenVerifier

from local.livekit.server import StandIn
from tests.builders import a_call
from trunkline.dialing.attempt import SlotMissed
from trunkline.dialing.verdicts import Kind
from trunkline.livekit.client import LiveKitClient, dial_token, open_session
from trunkline.livekit.credentials import LiveKitCredentials

KEY, SECRET = "devkey", "a secret of at least thirty-two characters"


@dataclass
class World:
    """A stand-in on a port of its own, and whatever webhooks it sent."""

    url: str
    invite_log: Path
    heard: list[tuple[dict[str, Any], str, bytes]]
    fail_next: list[int]
    stand_in: StandIn

    def invites(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.invite_log.read_text().splitlines()]

    def events(self) -> list[str]:
        return [body["event"] for body, _, _ in self.heard]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    heard: list[tuple[dict[str, Any], str, bytes]] = []
    fail_next: list[int] = []

    async def hear(request: web.Request) -> web.Response:
        raw = await request.read()
        if fail_next:
            return web.Response(status=fail_next.pop())
        heard.append((json.loads(raw), request.headers["Authorization"], raw))
        return web.Response()

    async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"

    listener = web.Application()
    listener.router.add_post("/hook", hear)
    listening, hook = await serve(listener)
    log = tmp_path / "invites.jsonl"
    stand_in = StandIn(api_key=KEY, api_secret=SECRET, webhook_urls=[f"{hook}/hook"], invite_log=log)
    standing, url = await serve(stand_in.app())
    yield World(url, log, heard, fail_next, stand_in)
    await standing.cleanup()
    await listening.cleanup()


@pytest.fixture
async def livekit(world: World) -> AsyncIterator[LiveKitAPI]:
    async with LiveKitAPI(world.url, KEY, SECRET, failover=False) as client:
        yield client


async def a_trunk(livekit: LiveKitAPI) -> str:
    info = api.SIPOutboundTrunkInfo(name="t", address="carrier.test", numbers=["+15550109001"])
    made = await livekit.sip.create_outbound_trunk(api.CreateSIPOutboundTrunkRequest(trunk=info))
    return made.sip_trunk_id


def dial_request(trunk_id: str, number: str, **more: Any) -> api.CreateSIPParticipantRequest:
    values: dict[str, Any] = {
        "room_name": "r1",
        "participant_identity": "callee",
        "wait_until_answered": True,
    }
    return api.CreateSIPParticipantRequest(sip_trunk_id=trunk_id, sip_call_to=number, **(values | more))


async def until(happened: Any, timeout_s: float = 10) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.02)


async def test_dispatch_and_rooms_with_the_official_client(world: World, livekit: LiveKitAPI) -> None:
    request = api.CreateAgentDispatchRequest(agent_name="ada", room="r1", metadata="m")
    made = await livekit.agent_dispatch.create_dispatch(request)
    assert made.id.startswith("AD_")
    assert (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms[0].name == "r1"
    await until(lambda: "participant_joined" in world.events())
    listed = await livekit.agent_dispatch.list_dispatch("r1")
    assert listed[0].state.jobs[0].state.status == api.JobStatus.JS_RUNNING
    people = (await livekit.room.list_participants(api.ListParticipantsRequest(room="r1"))).participants
    assert people[0].identity == f"agent-{listed[0].state.jobs[0].id}"
    assert people[0].kind == api.ParticipantInfo.Kind.AGENT
    await livekit.agent_dispatch.delete_dispatch(made.id, "r1")
    with pytest.raises(ServerError, match="dispatch ID not found"):
        await livekit.agent_dispatch.delete_dispatch(made.id, "r1")
    await livekit.room.delete_room(api.DeleteRoomRequest(room="r1"))
    await until(lambda: world.events()[-1:] == ["room_finished"])
    assert world.events() == ["room_started", "participant_joined", "participant_left", "room_finished"]


async def test_a_dispatch_is_not_idempotent_and_an_absent_agent_never_comes(
    world: World, livekit: LiveKitAPI
) -> None:
    world.stand_in.rooms.agents.joins_after_s["ada"] = None
    request = api.CreateAgentDispatchRequest(agent_name="ada", room="r1")
    ids = {(await livekit.agent_dispatch.create_dispatch(request)).id for _ in range(2)}
    assert len(ids) == 2
    await asyncio.sleep(0.5)
    listed = await livekit.agent_dispatch.list_dispatch("r1")
    assert [list(each.state.jobs) for each in listed] == [[], []]


@pytest.mark.parametrize(
    ("number", "status", "code", "sip_status_code", "reason"),
    [
        ("+15550100002", 429, "resource_exhausted", 486, "USER_REJECTED"),
        ("+15550100004", 412, "failed_precondition", 503, "CLIENT_INITIATED"),
        ("+15550100005", 403, "permission_denied", 603, "USER_REJECTED"),
        ("+15550100008", 404, "not_found", 404, "USER_UNAVAILABLE"),
        ("+15550100009", 429, "resource_exhausted", 480, "USER_UNAVAILABLE"),
    ],
)
async def test_a_carriers_verdict_comes_as_measured(  # noqa: PLR0913, PLR0917 - a row of the table
    world: World,
    livekit: LiveKitAPI,
    number: str,
    status: int,
    code: str,
    sip_status_code: int,
    reason: str,
) -> None:
    with pytest.raises(SipCallError) as caught:
        await livekit.sip.create_sip_participant(dial_request(await a_trunk(livekit), number))
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.sip_status_code == sip_status_code
    await until(lambda: "participant_left" in world.events())
    left = next(body for body, _, _ in world.heard if body["event"] == "participant_left")
    assert left["participant"]["disconnectReason"] == reason
    assert left["participant"]["attributes"]["sip.callStatus"] in ("dialing", "ringing")


async def test_an_answered_call_hangs_up_by_itself(world: World, livekit: LiveKitAPI) -> None:
    trunk_id = await a_trunk(livekit)
    made = await livekit.sip.create_sip_participant(
        dial_request(trunk_id, "+15550100013", headers={"X-A": "b"}, sip_number="+15550109001")
    )
    await until(lambda: "participant_left" in world.events())
    left = world.heard[-1][0]["participant"]
    assert (left["disconnectReason"], left["attributes"]["sip.callStatus"]) == ("CLIENT_INITIATED", "hangup")
    line = world.invites()[0]
    assert line["sip_call_id"] == made.sip_call_id
    assert (line["trunk_id"], line["to"], line["from"]) == (trunk_id, "+15550100013", "+15550109001")
    assert {"t", "wall", "room", "identity"} <= set(line)
    assert line["headers"] == {"X-A": "b"}


async def test_no_answer_no_reply_and_no_wait(world: World, livekit: LiveKitAPI) -> None:
    trunk_id = await a_trunk(livekit)
    short = {"ringing_timeout": datetime.timedelta(seconds=1)}
    for number in ("+15550100003", "+15550100006"):
        with pytest.raises(ServerError, match="sip request timed out") as caught:
            await livekit.sip.create_sip_participant(dial_request(trunk_id, number, **short))
        assert (caught.value.status, caught.value.code, caught.value.metadata) == (408, "canceled", {})
    at_once = dial_request(trunk_id, "+15550100002", wait_until_answered=False)
    assert (await livekit.sip.create_sip_participant(at_once)).participant_id.startswith("PA_")


async def test_the_same_identity_again_is_a_second_invite_and_cancels_the_first(
    world: World, livekit: LiveKitAPI
) -> None:
    request = dial_request(await a_trunk(livekit), "+15550100011")
    for _ in range(2):
        await livekit.sip.create_sip_participant(request)
    assert len(world.invites()) == 2
    await until(lambda: "participant_left" in world.events())
    left = next(body for body, _, _ in world.heard if body["event"] == "participant_left")
    assert left["participant"]["disconnectReason"] == "DUPLICATE_IDENTITY"
    await livekit.room.get_participant(api.RoomParticipantIdentity(room="r1", identity="callee"))


async def test_a_client_that_goes_away_does_not_stop_the_call(world: World, livekit: LiveKitAPI) -> None:
    request = dial_request(await a_trunk(livekit), "+15550100001")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(livekit.sip.create_sip_participant(request), 0.1)
    await until(lambda: "participant_left" in world.events())
    left = world.heard[-1][0]["participant"]
    assert left["attributes"]["sip.callStatus"] == "hangup", "it was answered all the same"


async def test_removing_the_callee_ends_the_call(world: World, livekit: LiveKitAPI) -> None:
    await livekit.sip.create_sip_participant(dial_request(await a_trunk(livekit), "+15550100011"))
    await livekit.room.remove_participant(api.RoomParticipantIdentity(room="r1", identity="callee"))
    await until(lambda: "participant_left" in world.events())
    assert world.heard[-1][0]["participant"]["disconnectReason"] == "PARTICIPANT_REMOVED"
    with pytest.raises(ServerError, match="participant does not exist"):
        await livekit.room.get_participant(api.RoomParticipantIdentity(room="r1", identity="callee"))


async def test_a_carriers_limit_is_refused_with_503(world: World, livekit: LiveKitAPI) -> None:
    trunk_id = await a_trunk(livekit)
    world.stand_in.sip.limits.cps[trunk_id] = 2
    requests = [dial_request(trunk_id, "+15550100002", participant_identity=f"callee-{n}") for n in range(4)]
    answers = await asyncio.gather(
        *(livekit.sip.create_sip_participant(request) for request in requests), return_exceptions=True
    )
    codes = sorted(answer.sip_status_code or 0 for answer in answers if isinstance(answer, SipCallError))
    assert codes == [486, 486, 503, 503]
    assert len(world.invites()) == 4


async def post(world: World, method: str, body: bytes, token: str | None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    url = f"{world.url}/twirp/livekit.{method}"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


def token(secret: str = SECRET, key: str = KEY, ttl_s: int = 60, **grants: Any) -> str:
    made = AccessToken(key, secret).with_ttl(datetime.timedelta(seconds=ttl_s))
    return made.with_grants(api.VideoGrants(**grants)).to_jwt()


async def test_json_takes_both_cases_and_answers_in_snake_case_with_defaults(world: World) -> None:
    body = b'{"agentName":"dialer-agent","room":"r1","metadata":"camel","unknown":1}'
    good = token(room_admin=True, room="r1")
    status, text = await post(world, "AgentDispatchService/CreateDispatch", body, good)
    answer = json.loads(text)
    assert status == 200
    assert (answer["agent_name"], answer["restart_policy"]) == ("dialer-agent", "JRP_ON_FAILURE")
    assert answer["state"]["jobs"] == []
    assert isinstance(answer["state"]["created_at"], str)
    status, text = await post(
        world, "AgentDispatchService/ListDispatch", b'{"dispatch_id":"AD_x","room":"r1"}', good
    )
    assert (status, json.loads(text)) == (200, {"agent_dispatches": []})


async def test_refusals_are_worded_as_livekits(world: World) -> None:
    method, body = "AgentDispatchService/CreateDispatch", b'{"agent_name":"a","room":"r1"}'
    denied = {"code": "unauthenticated", "msg": "permissions denied"}
    for bad in (None, token(), token(room_admin=True, room="r2")):
        status, text = await post(world, method, body, bad)
        assert (status, json.loads(text)) == (401, denied)
    expected = (401, "invalid API key: nokey")
    assert await post(world, method, body, token(key="nokey")) == expected
    status, text = await post(world, method, body, token(ttl_s=-120, room_admin=True))
    assert status == 401
    assert "expired" in text
    good = token(room_admin=True)
    status, text = await post(world, method, b"{", good)
    assert (status, json.loads(text)["code"]) == (400, "malformed")
    assert (await post(world, "AgentDispatchService/Nothing", b"{}", good))[0] == 404
    status, text = await post(world, "AgentDispatchService/ListDispatch", b'{"room":"nowhere"}', good)
    assert (status, json.loads(text)["msg"]) == (503, "twirp error unknown: no response from servers")


async def test_webhooks_are_signed_retried_with_the_same_id_and_in_order(
    world: World, livekit: LiveKitAPI
) -> None:
    world.fail_next.extend([500])
    await livekit.room.create_room(api.CreateRoomRequest(name="r1"))
    await livekit.room.delete_room(api.DeleteRoomRequest(room="r1"))
    await until(lambda: len(world.heard) == 2)
    assert world.events() == ["room_started", "room_finished"]
    for body, authorization, raw in world.heard:
        claims = TokenVerifier(KEY, SECRET).verify(authorization)
        assert base64.b64decode(claims.sha256 or "") == hashlib.sha256(raw).digest()
        assert body["id"].startswith("EV_")


async def gate_that_opens() -> None:
    await asyncio.sleep(0)


async def test_the_products_client_sends_nothing_when_its_gate_refuses(
    world: World, livekit: LiveKitAPI
) -> None:
    async def refuse() -> None:
        raise SlotMissed

    credentials = LiveKitCredentials(world.url, KEY, SECRET)
    call = a_call(claim=1, room_name="r1")
    trunk_id = await a_trunk(livekit)
    async with open_session() as session:
        client = LiveKitClient(credentials, session)
        with pytest.raises(SlotMissed):
            await client.dial(call, trunk_id, dial_token(credentials, 5), refuse)
        assert world.invites() == []
        done = await client.dial(call, trunk_id, dial_token(credentials, 5), gate_that_opens)
    assert (done.verdict.kind, len(world.invites())) == (Kind.ANSWERED, 1)


async def test_the_products_client_knows_what_is_certain(world: World, livekit: LiveKitAPI) -> None:
    credentials = LiveKitCredentials(world.url, KEY, SECRET)
    call = a_call(claim=1, room_name="r1")
    trunk_id = await a_trunk(livekit)
    async with open_session() as session:
        client = LiveKitClient(credentials, session)
        dead = await client.dial(call, trunk_id, dial_token(credentials, -120), gate_that_opens)
        assert dead.verdict.kind is Kind.NOT_SENT, "an expired token makes no INVITE"
        nowhere = LiveKitClient(LiveKitCredentials("http://127.0.0.1:9", KEY, SECRET), session)
        refused = await nowhere.dial(call, trunk_id, dial_token(credentials, 5), gate_that_opens)
        assert refused.verdict.kind is Kind.NOT_SENT
        gone = await client.dial(call, "ST_none", dial_token(credentials, 5), gate_that_opens)
        assert gone.verdict.kind is Kind.FAILED
    assert world.invites() == []
