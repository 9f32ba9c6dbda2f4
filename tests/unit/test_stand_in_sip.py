"""The stand-in's SIP side, and the product's client against it."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

import pytest
from livekit import api
from livekit.api import LiveKitAPI, ServerError, SipCallError

from local.livekit.sip import AUTH_INVITES
from tests.support.builders import make_call
from tests.unit.fixtures_stand_in import KEY, SECRET, RunningStandIn, until
from trunkline.dialer.attempt_errors import SlotExpired
from trunkline.livekit.client import LiveKitClient, dial_token, open_session
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.dial_result import DialResultKind


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


async def test_an_answered_call_hangs_up_by_itself(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    trunk_id = await a_trunk(livekit)
    made = await livekit.sip.create_sip_participant(
        dial_request(trunk_id, "+15550100013", headers={"X-A": "b"}, sip_number="+15550109001")
    )
    await until(lambda: "participant_left" in stand_in.events())
    left = stand_in.received[-1][0]["participant"]
    assert (left["disconnectReason"], left["attributes"]["sip.callStatus"]) == ("CLIENT_INITIATED", "hangup")
    line = stand_in.invites()[0]
    assert line["sip_call_id"] == made.sip_call_id
    assert (line["trunk_id"], line["to"], line["from"]) == (trunk_id, "+15550100013", "+15550109001")
    assert {"t", "wall", "room", "identity"} <= set(line)
    assert line["headers"] == {"X-A": "b"}


async def test_no_answer_no_reply_and_no_wait(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    trunk_id = await a_trunk(livekit)
    short = {"ringing_timeout": datetime.timedelta(seconds=1)}
    for number in ("+15550100003", "+15550100006"):
        with pytest.raises(ServerError, match="sip request timed out") as caught:
            await livekit.sip.create_sip_participant(dial_request(trunk_id, number, **short))
        assert (caught.value.status, caught.value.code, caught.value.metadata) == (408, "canceled", {})
    run_inline = dial_request(trunk_id, "+15550100002", wait_until_answered=False)
    assert (await livekit.sip.create_sip_participant(run_inline)).participant_id.startswith("PA_")


async def test_the_same_identity_again_is_a_second_invite_and_cancels_the_first(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    request = dial_request(await a_trunk(livekit), "+15550100011")
    for _ in range(2):
        await livekit.sip.create_sip_participant(request)
    assert len(stand_in.invites()) == 2
    await until(lambda: "participant_left" in stand_in.events())
    left = next(body for body, _, _ in stand_in.received if body["event"] == "participant_left")
    assert left["participant"]["disconnectReason"] == "DUPLICATE_IDENTITY"
    await livekit.room.get_participant(api.RoomParticipantIdentity(room="r1", identity="callee"))


async def test_a_client_that_goes_away_does_not_stop_the_call(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    request = dial_request(await a_trunk(livekit), "+15550100001")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(livekit.sip.create_sip_participant(request), 0.1)
    await until(lambda: "participant_left" in stand_in.events())
    left = stand_in.received[-1][0]["participant"]
    assert left["attributes"]["sip.callStatus"] == "hangup", "it was answered all the same"


async def test_removing_the_callee_ends_the_call(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    await livekit.sip.create_sip_participant(dial_request(await a_trunk(livekit), "+15550100011"))
    await livekit.room.remove_participant(api.RoomParticipantIdentity(room="r1", identity="callee"))
    await until(lambda: "participant_left" in stand_in.events())
    assert stand_in.received[-1][0]["participant"]["disconnectReason"] == "PARTICIPANT_REMOVED"
    with pytest.raises(ServerError, match="participant does not exist"):
        await livekit.room.get_participant(api.RoomParticipantIdentity(room="r1", identity="callee"))


async def test_a_carriers_limit_is_refused_with_503(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    trunk_id = await a_trunk(livekit)
    stand_in.server.sip.limits.cps[trunk_id] = 2
    requests = [dial_request(trunk_id, "+15550100002", participant_identity=f"callee-{n}") for n in range(4)]
    answers = await asyncio.gather(
        *(livekit.sip.create_sip_participant(request) for request in requests), return_exceptions=True
    )
    codes = sorted(answer.sip_status_code or 0 for answer in answers if isinstance(answer, SipCallError))
    assert codes == [486, 486, 503, 503]
    assert len(stand_in.invites()) == 4


async def gate_that_opens() -> None:
    await asyncio.sleep(0)


async def test_the_products_client_sends_nothing_when_its_gate_refuses(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    async def refuse() -> None:
        raise SlotExpired

    credentials = LiveKitCredentials(stand_in.url, KEY, SECRET)
    call = make_call(claim=1, room_name="r1")
    trunk_id = await a_trunk(livekit)
    async with open_session() as session:
        client = LiveKitClient(credentials, session)
        with pytest.raises(SlotExpired):
            await client.dial(call, trunk_id, dial_token(credentials, 5), refuse)
        assert stand_in.invites() == []
        done = await client.dial(call, trunk_id, dial_token(credentials, 5), gate_that_opens)
    assert (done.result.kind, len(stand_in.invites())) == (DialResultKind.ANSWERED, 1)


async def test_the_products_client_knows_what_is_certain(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    credentials = LiveKitCredentials(stand_in.url, KEY, SECRET)
    call = make_call(claim=1, room_name="r1")
    trunk_id = await a_trunk(livekit)
    async with open_session() as session:
        client = LiveKitClient(credentials, session)
        dead = await client.dial(call, trunk_id, dial_token(credentials, -120), gate_that_opens)
        assert dead.result.kind is DialResultKind.NOT_SENT, "an expired token makes no INVITE"
        nowhere = LiveKitClient(LiveKitCredentials("http://127.0.0.1:9", KEY, SECRET), session)
        refused = await nowhere.dial(call, trunk_id, dial_token(credentials, 5), gate_that_opens)
        assert refused.result.kind is DialResultKind.NOT_SENT
        gone = await client.dial(call, "ST_none", dial_token(credentials, 5), gate_that_opens)
        assert gone.result.kind is DialResultKind.NOT_SENT
        assert gone.result.refusal == "requested sip trunk does not exist"
    assert stand_in.invites() == []


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
    stand_in: RunningStandIn,
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
    await until(lambda: "participant_left" in stand_in.events())
    left = next(body for body, _, _ in stand_in.received if body["event"] == "participant_left")
    assert left["participant"]["disconnectReason"] == reason
    assert left["participant"]["attributes"]["sip.callStatus"] in ("dialing", "ringing")


@pytest.mark.parametrize(
    ("number", "status", "code", "text", "reason"),
    [
        ("+15550100022", 400, "invalid_argument", "common audio codec not found", "USER_REJECTED"),
        ("+15550100023", 400, "invalid_argument", "fail to resolve target", "CLIENT_INITIATED"),
        ("+15550100024", 412, "failed_precondition", "max auth retry attempts", "CLIENT_INITIATED"),
    ],
)
async def test_an_error_of_the_trunk_comes_without_a_sip_code(  # noqa: PLR0913, PLR0917 - a row of the table
    stand_in: RunningStandIn,
    livekit: LiveKitAPI,
    number: str,
    status: int,
    code: str,
    text: str,
    reason: str,
) -> None:
    with pytest.raises(ServerError, match=text) as caught:
        await livekit.sip.create_sip_participant(dial_request(await a_trunk(livekit), number))
    assert (caught.value.status, caught.value.code, caught.value.metadata) == (status, code, {})
    await until(lambda: "participant_left" in stand_in.events())
    left = next(body for body, _, _ in stand_in.received if body["event"] == "participant_left")
    assert left["participant"]["disconnectReason"] == reason


async def test_refused_credentials_cost_five_invites_of_one_call(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    with pytest.raises(ServerError, match="max auth retry attempts"):
        await livekit.sip.create_sip_participant(dial_request(await a_trunk(livekit), "+15550100024"))
    invites = stand_in.invites()
    assert len(invites) == AUTH_INVITES
    assert len({invite["sip_call_id"] for invite in invites}) == 1
    assert sorted(invite["t"] for invite in invites) == [invite["t"] for invite in invites]
