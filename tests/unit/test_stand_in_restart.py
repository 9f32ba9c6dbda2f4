"""A stand-in that is killed in calls, tells late, and counts a call's life as LiveKit does."""

from __future__ import annotations

import asyncio
import datetime
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from livekit import api
from livekit.api import LiveKitAPI, ServerError

from local.livekit import server as server_module
from local.livekit import sip as sip_module
from tests.unit.fixtures_stand_in import RunningStandIn, until
from tests.unit.test_stand_in_sip import a_trunk, dial_request

STAYS, VANISHES = "+15550100011", "+15550100018"
CALLEE = api.RoomParticipantIdentity(room="r1", identity="callee")


async def control(stand_in: RunningStandIn, path: str, **body: Any) -> None:
    url = f"{stand_in.url}/_control/{path}"
    async with aiohttp.ClientSession() as session, session.put(url, json=body) as answer:
        assert answer.status == 200


async def answered(livekit: LiveKitAPI, number: str = STAYS, **more: Any) -> None:
    await livekit.sip.create_sip_participant(dial_request(await a_trunk(livekit), number, **more))


async def test_after_a_restart_with_redis_participants_stay_and_cannot_be_removed(
    stand_in: RunningStandIn, livekit: LiveKitAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "UNKNOWN_ROOM_DELAY_S", 0.01)
    await answered(livekit)
    await until(lambda: "participant_joined" in stand_in.events())
    await control(stand_in, "restart", keeps_rooms=True)
    assert (await livekit.room.get_participant(CALLEE)).identity == "callee"
    for request in (
        livekit.room.remove_participant(CALLEE),
        livekit.room.delete_room(api.DeleteRoomRequest(room="r1")),
    ):
        with pytest.raises(ServerError, match="no response from servers") as refused:
            await request
        assert refused.value.status == 503
    assert "participant_left" not in stand_in.events()


async def test_after_a_restart_without_redis_the_rooms_are_forgotten(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    await answered(livekit)
    await control(stand_in, "restart", keeps_rooms=False)
    with pytest.raises(ServerError) as refused:
        await livekit.room.get_participant(CALLEE)
    assert refused.value.status == 404
    assert "participant_left" not in stand_in.events()


async def test_a_late_webhook_says_when_it_happened(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    await control(stand_in, "webhooks", urls=stand_in.server._sender.urls, delay_s=2.0)
    await answered(livekit)
    await until(lambda: "participant_joined" in stand_in.events())
    joined = stand_in.received[-1][0]
    assert int(joined["createdAt"]) - int(joined["participant"]["joinedAt"]) <= 1


async def test_tracks_are_told_when_asked_for(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    await control(stand_in, "webhooks", urls=stand_in.server._sender.urls, tracks=True)
    await answered(livekit)
    await livekit.room.remove_participant(CALLEE)
    await until(lambda: "participant_left" in stand_in.events())
    about_callee = [name for name in stand_in.events() if name.startswith(("track", "participant"))]
    assert about_callee == ["participant_joined", "track_published", "track_unpublished", "participant_left"]


async def test_the_longest_life_of_a_call_counts_from_its_request(
    stand_in: RunningStandIn, livekit: LiveKitAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(min(seconds, 0.6))

    monkeypatch.setattr(asyncio, "sleep", noted)
    await answered(livekit, max_call_duration=datetime.timedelta(seconds=600))
    await until(lambda: "participant_left" in stand_in.events())
    rang_s, talked_s = next((a, b) for a, b in pairwise(slept) if b > 100)
    assert talked_s <= 600 - rang_s


async def test_a_far_end_that_vanishes_leaves_while_it_counts_as_active(
    stand_in: RunningStandIn, livekit: LiveKitAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_module, "AUDIO_LOST_S", 0.01)
    await answered(livekit, VANISHES)
    await until(lambda: "participant_left" in stand_in.events())
    left = stand_in.received[-1][0]["participant"]
    assert (left["disconnectReason"], left["attributes"]["sip.callStatus"]) == ("CLIENT_INITIATED", "active")


async def test_its_state_shows_the_calls_of_each_trunk_and_what_rooms_tell(
    stand_in: RunningStandIn, livekit: LiveKitAPI
) -> None:
    trunk = await a_trunk(livekit)
    await livekit.sip.create_sip_participant(dial_request(trunk, STAYS))
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{stand_in.url}/_control/state") as answer:
            state = await answer.json()
        assert state["legs"] == {trunk: 1}
        assert [STAYS in room for room in state["rooms"]] == [True]
        await livekit.room.remove_participant(CALLEE)
        async with session.get(f"{stand_in.url}/_control/state") as answer:
            assert (await answer.json())["legs"] == {}
