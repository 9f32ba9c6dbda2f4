"""Web calls with people and agents in a LiveKit room: joined by token, reported by webhook and agent."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from local.webhook_receiver import receiver
from tests.livekit.conftest import Scene


def talks(call: dict[str, Any]) -> bool:
    return call["status"] == "active" and len(call["transcript"]) > 0


async def test_a_person_joins_by_token_and_the_agent_comes_and_talks(scene: Scene) -> None:
    opened = scene.start(user_context={"user_name": "John", "auth_token": "never told"})
    assert scene.call(opened["call_id"])["status"] == "pending"
    person = await scene.join(opened["token"])
    call = await scene.wait(opened["call_id"], talks)
    assert call["transcript"][0]["content"] == "Hello John!"
    assert call["data"]["agentJobId"].startswith("AJ_")
    await person.leave()
    call = await scene.wait(opened["call_id"], lambda call: call["summary"] is not None)
    assert (call["status"], call["status_reason"]) == ("completed", "user_hangup")
    assert [entry["status"] for entry in call["timeline"]][:4] == [
        "initiated",
        "pending",
        "connecting",
        "active",
    ]


async def test_the_agent_is_heard_and_hears(scene: Scene) -> None:
    """With the real server alone: a sound and texts, both ways, to the agent's goodbye."""
    opened = scene.start(user_context={"user_name": "Eve"})
    person = await scene.join(opened["token"])
    await scene.wait(opened["call_id"], talks)
    if scene.is_real:
        await person.say("one two")
        await person.say("bye")
        call = await scene.wait(opened["call_id"], lambda call: call["summary"] is not None)
        assert person.heard_samples > 0
        assert person.texts[:2] == ["Hello Eve!", "You said: one two"]
        await asyncio.wait_for(person.shown_out.wait(), 10)
        call = await scene.wait(opened["call_id"], lambda call: call["status"] == "completed")
        assert call["status_reason"] == "agent_hangup"
        said = [(turn["role"], turn["content"]) for turn in call["transcript"]]
        assert ("user", "one two") in said
        assert said[-1] == ("assistant", "Goodbye!")
    await person.leave()


async def test_a_call_that_is_cancelled_shows_its_person_out(scene: Scene) -> None:
    opened = scene.start()
    person = await scene.join(opened["token"])
    await scene.wait(opened["call_id"], talks)
    answer = await asyncio.to_thread(scene.api.post, f"/api/v1/calls/{opened['call_id']}/cancel")
    assert answer.json()["status_reason"] == "hangup_requested"
    if scene.is_real:
        await asyncio.wait_for(person.shown_out.wait(), 10)
    await person.leave()


async def test_who_joins_a_call_that_is_over_is_shown_out(scene: Scene) -> None:
    opened = scene.start()
    await asyncio.to_thread(scene.api.post, f"/api/v1/calls/{opened['call_id']}/cancel")
    person = await scene.join(opened["token"])
    if scene.is_real:
        await asyncio.wait_for(person.shown_out.wait(), 20)
    path = f"/api/v1/calls/{opened['call_id']}/dispatches"
    assert (await asyncio.to_thread(scene.api.get, path)).json() == {"agent_dispatches": []}
    assert scene.call(opened["call_id"])["status_reason"] == "cancelled"


async def test_a_listener_hears_and_is_not_noticed(scene: Scene) -> None:
    opened = scene.start()
    person = await scene.join(opened["token"])
    await scene.wait(opened["call_id"], talks)
    token = (await asyncio.to_thread(scene.api.post, f"/api/v1/calls/{opened['call_id']}/token")).json()[
        "token"
    ]
    listener = await scene.join(token)
    if scene.is_real:
        identities = {each.identity for each in person.room.remote_participants.values()}
        assert not any(identity.startswith("listener") for identity in identities)
    await listener.leave()
    assert scene.call(opened["call_id"])["status"] == "active"
    await person.leave()
    await scene.wait(opened["call_id"], lambda call: call["status"] == "completed")


async def test_dispatches_of_a_live_call(scene: Scene) -> None:
    opened = scene.start()
    person = await scene.join(opened["token"])
    await scene.wait(opened["call_id"], talks)
    path = f"/api/v1/calls/{opened['call_id']}/dispatches"

    async def listed() -> list[dict[str, Any]]:
        return list((await asyncio.to_thread(scene.api.get, path)).json()["agent_dispatches"])

    first = (await listed())[0]
    assert (first["agent_name"], first["restart_policy"]) == ("demo-agent", "JRP_ON_FAILURE")
    assert abs(first["state"]["created_at"] - time.time()) < 120
    body = {"agentName": "Demo Agent", "metadata": "camel"}
    added = (await asyncio.to_thread(lambda: scene.api.post(path, json=body))).json()
    assert (added["agent_name"], added["metadata"], added["room"]) == (
        "demo-agent",
        "camel",
        opened["room_name"],
    )
    assert {each["id"] for each in await listed()} == {first["id"], added["id"]}
    gone = await asyncio.to_thread(scene.api.delete, f"{path}/{added['id']}")
    assert (gone.status_code, gone.json()["id"]) == (200, added["id"])
    assert [each["id"] for each in await listed()] == [first["id"]]
    again = await asyncio.to_thread(scene.api.delete, f"{path}/{added['id']}")
    assert again.status_code == 404
    await person.leave()


async def test_the_example_agent_uses_a_tool(scene: Scene) -> None:
    """With the real server: the person asks, the tool's backend hears it, the agent tells what came of it."""
    if not scene.is_real:
        return
    with receiver() as backend:
        backend.respond = lambda _: (201, {}, b'{"meal_id": "meal-7"}')
        action = {
            "type": "api_call",
            "method": "POST",
            "url": backend.url("/meals"),
            "headers": {"Authorization": "Bearer {{user.auth_token}}"},
            "body": {"meal": "{{params.meal}}"},
        }
        config = {"parameters": [{"name": "meal", "type": "string", "required": True}], "actions": [action]}
        slug = f"meals-{uuid.uuid4().hex[:8]}"
        name = slug.replace("-", "_")
        await asyncio.to_thread(scene.post, "/api/v1/tools", {"name": name, "config": config})
        workflow = {"slug": slug, "entry_agent": "Demo Agent", "tools": [name]}
        await asyncio.to_thread(scene.post, "/api/v1/workflows", workflow)
        opened = scene.start(workflow_slug=slug, user_context={"auth_token": "never told"})
        person = await scene.join(opened["token"])
        await scene.wait(opened["call_id"], talks)
        await person.say(f"{name} two eggs")
        await scene.wait(opened["call_id"], lambda call: len(call["transcript"]) >= 3)
        assert person.texts[1] == f'{name}: {{"meal_id": "meal-7"}}'
        assert backend.requests[0].headers["Authorization"] == "Bearer never told"
        assert backend.requests[0].json == {"meal": "two eggs"}
        await person.leave()
