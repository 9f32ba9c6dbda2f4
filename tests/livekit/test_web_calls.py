"""Web calls with people and agents in a LiveKit room: joined by token, reported by webhook and agent."""

from __future__ import annotations

import asyncio
import io
import time
import uuid
from typing import Any

import pytest
from rich.console import Console

from local.web_demo import talk_to_agent
from local.webhook_receiver import receiver
from tests.livekit.fixtures_demo import DemoTenant


def talks(call: dict[str, Any]) -> bool:
    return call["status"] == "active" and len(call["transcript"]) > 0


async def test_a_person_joins_by_token_and_the_agent_comes_and_talks(demo: DemoTenant) -> None:
    opened = demo.start(user_context={"user_name": "John", "auth_token": "never told"})
    assert demo.call(opened["call_id"])["status"] == "pending"
    person = await demo.join(opened["token"])
    call = await demo.wait(opened["call_id"], talks)
    assert call["transcript"][0]["content"] == "Hello John!"
    assert call["data"]["agentJobId"].startswith("AJ_")
    await person.leave()
    call = await demo.wait(opened["call_id"], lambda call: call["summary"] is not None)
    assert (call["status"], call["status_reason"]) == ("completed", "user_hangup")
    assert [entry["status"] for entry in call["timeline"]][:4] == [
        "initiated",
        "pending",
        "connecting",
        "active",
    ]


async def test_the_agent_is_heard_and_hears(demo: DemoTenant) -> None:
    """A sound and texts, both ways, to the agent's goodbye."""
    if not demo.is_real:
        pytest.skip("the stand-in carries no media")
    opened = demo.start(user_context={"user_name": "Eve"})
    person = await demo.join(opened["token"])
    await demo.wait(opened["call_id"], talks)
    await person.say("one two")
    await demo.wait(opened["call_id"], lambda call: len(call["transcript"]) >= 3)
    await person.say("bye")
    call = await demo.wait(opened["call_id"], lambda call: call["summary"] is not None)
    assert person.heard_samples > 0
    assert person.texts[:2] == ["Hello Eve!", "You said: one two"]
    await asyncio.wait_for(person.shown_out.wait(), 60)
    call = await demo.wait(opened["call_id"], lambda call: call["status"] == "completed")
    assert call["status_reason"] == "agent_hangup"
    assert {each["of"] for each in call["metrics"]["agent"]["latencies"]} >= {"llm_first_token"}
    said = [(turn["role"], turn["content"]) for turn in call["transcript"]]
    assert ("user", "one two") in said
    assert said[-1] == ("assistant", "Goodbye!")
    await person.leave()


async def test_a_call_that_is_cancelled_shows_its_person_out(demo: DemoTenant) -> None:
    opened = demo.start()
    person = await demo.join(opened["token"])
    await demo.wait(opened["call_id"], talks)
    answer = await asyncio.to_thread(demo.api.post, f"/api/v1/calls/{opened['call_id']}/cancel")
    assert answer.json()["status_reason"] == "hangup_requested"
    if demo.is_real:
        await asyncio.wait_for(person.shown_out.wait(), 60)
    await person.leave()


async def test_who_joins_a_call_that_is_over_is_shown_out(demo: DemoTenant) -> None:
    opened = demo.start()
    await asyncio.to_thread(demo.api.post, f"/api/v1/calls/{opened['call_id']}/cancel")
    person = await demo.join(opened["token"])
    if demo.is_real:
        await asyncio.wait_for(person.shown_out.wait(), 60)
    path = f"/api/v1/calls/{opened['call_id']}/dispatches"
    assert (await asyncio.to_thread(demo.api.get, path)).json() == {"agent_dispatches": []}
    assert demo.call(opened["call_id"])["status_reason"] == "cancelled"


async def test_a_listener_hears_and_is_not_noticed(demo: DemoTenant) -> None:
    opened = demo.start()
    person = await demo.join(opened["token"])
    await demo.wait(opened["call_id"], talks)
    token = (await asyncio.to_thread(demo.api.post, f"/api/v1/calls/{opened['call_id']}/token")).json()[
        "token"
    ]
    listener = await demo.join(token)
    if demo.is_real:
        identities = {each.identity for each in person.room.remote_participants.values()}
        assert not any(identity.startswith("listener") for identity in identities)
    await listener.leave()
    assert demo.call(opened["call_id"])["status"] == "active"
    await person.leave()
    await demo.wait(opened["call_id"], lambda call: call["status"] == "completed")


async def test_dispatches_of_a_live_call(demo: DemoTenant) -> None:
    began_s = int(time.time())
    opened = demo.start()
    person = await demo.join(opened["token"])
    await demo.wait(opened["call_id"], talks)
    path = f"/api/v1/calls/{opened['call_id']}/dispatches"

    async def listed() -> list[dict[str, Any]]:
        return list((await asyncio.to_thread(demo.api.get, path)).json()["agent_dispatches"])

    first = (await listed())[0]
    assert (first["agent_name"], first["restart_policy"]) == ("demo-agent", "JRP_ON_FAILURE")
    assert began_s <= first["state"]["created_at"] <= time.time()
    body = {"agentName": "Demo Agent", "metadata": "camel"}
    added = (await asyncio.to_thread(lambda: demo.api.post(path, json=body))).json()
    assert (added["agent_name"], added["metadata"], added["room"]) == (
        "demo-agent",
        "camel",
        opened["room_name"],
    )
    assert {each["id"] for each in await listed()} == {first["id"], added["id"]}
    gone = await asyncio.to_thread(demo.api.delete, f"{path}/{added['id']}")
    assert (gone.status_code, gone.json()["id"]) == (200, added["id"])
    assert [each["id"] for each in await listed()] == [first["id"]]
    again = await asyncio.to_thread(demo.api.delete, f"{path}/{added['id']}")
    assert again.status_code == 404
    await person.leave()


async def test_the_example_agent_uses_a_tool(demo: DemoTenant) -> None:
    """The participant asks, the tool's backend gets a request, the agent tells what came of it."""
    if not demo.is_real:
        pytest.skip("the stand-in's agents use no tools")
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
        await asyncio.to_thread(demo.post, "/api/v1/tools", {"name": name, "config": config})
        workflow = {"slug": slug, "entry_agent": "Demo Agent", "tools": [name]}
        await asyncio.to_thread(demo.post, "/api/v1/workflows", workflow)
        opened = demo.start(workflow_slug=slug, user_context={"auth_token": "never told"})
        person = await demo.join(opened["token"])
        await demo.wait(opened["call_id"], talks)
        await person.say(f"{name} two eggs")
        await demo.wait(opened["call_id"], lambda call: len(call["transcript"]) >= 3)
        assert person.texts[1] == f'{name}: {{"meal_id": "meal-7"}}'
        assert backend.requests[0].headers["Authorization"] == "Bearer never told"
        assert backend.requests[0].json == {"meal": "two eggs"}
        await person.leave()


async def test_the_demo_of_an_agent_shows_what_was_said(demo: DemoTenant) -> None:
    """`make run AGENT=examples/agent` ends with this call."""
    if not demo.is_real:
        pytest.skip("its participant speaks to a real server")
    written = io.StringIO()
    assert await asyncio.to_thread(talk_to_agent, demo.stack, Console(file=written))
    shown = written.getvalue()
    assert "Demo Agent: Hello Ada!\n  user: Hello\n  Demo Agent: You said: Hello\n" in shown
    assert "status completed (user_hangup)" in shown
