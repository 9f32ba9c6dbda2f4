"""`trunkline_agent` with the real livekit-agents: a session without a room, whose model follows a script."""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import Any

import pytest
from livekit import agents
from trunkline_agent.livekit_amd import detect_machine
from trunkline_agent.livekit_tools import function_tools
from trunkline_agent.testing import FakeCall, ToolFails

from local.config import ROOT

MEAL = {"type": "object", "properties": {"meal": {"type": "string"}}, "required": ["meal"]}


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "agent"))
    yield importlib.import_module("scripted")
    sys.modules.pop("scripted", None)


class Billing(agents.Agent):  # type: ignore[misc] # livekit-agents is not installed where types are checked
    """An agent that takes over in the same session."""


def make_session(scripted: Any) -> Any:
    return agents.AgentSession(
        llm=scripted.ScriptedLLM(), vad=None, turn_handling={"turn_detection": "manual"}
    )


async def test_a_session_is_reported_to_its_end(scripted: Any) -> None:
    async with FakeCall(agents=("Demo Agent", "Billing")) as call:
        context = await call.context()
        session = make_session(scripted)
        followed = call.follow(session)
        taken_over = asyncio.Event()

        def on_item(_: Any) -> None:
            if call.agent == "Billing":
                taken_over.set()

        session.on("conversation_item_added", on_item)
        await session.start(agents.Agent(instructions=context["agent"]["name"]))
        await session.run(user_input="one two")
        session.update_agent(Billing(instructions="Bill."))
        await asyncio.wait_for(taken_over.wait(), 30)
        await session.run(user_input="three")
        await session.aclose()
        await asyncio.wait_for(followed.wait_closed(), 30)
    turns = [(turn["role"], turn.get("agent"), turn["content"]) for turn in call.reported.turns]
    assert turns == [
        ("user", None, "one two"),
        ("assistant", "Demo Agent", "You said: one two"),
        ("user", None, "three"),
        ("assistant", "Billing", "You said: three"),
    ]
    assert call.reported.agents == ["Billing"]
    assert call.reported.end_reason == "agent_hangup"
    assert call.reported.metrics is not None
    assert "llm_first_token" in {each["of"] for each in call.reported.metrics["latencies"]}
    assert [report["type"] for report in call.reported.reports][-1] == "ended"


async def test_a_model_uses_the_tools_of_the_call(scripted: Any) -> None:
    def save(params: Any) -> dict[str, str]:
        if params["meal"] == "stone":
            raise ToolFails("nobody eats that")
        return {"meal_id": "m-1"}

    async with FakeCall() as call:
        await call.context()
        call.add_tool("save_meal", save, parameters=MEAL)
        session = make_session(scripted)
        call.follow(session)
        await session.start(agents.Agent(instructions="", tools=await function_tools(call)))
        await session.run(user_input="save_meal two eggs")
        await session.run(user_input="save_meal stone")
        await session.aclose()
    assert call.reported.tool_uses == [("save_meal", {"meal": "two eggs"}), ("save_meal", {"meal": "stone"})]
    answers = call.reported.said("assistant")
    assert answers[0] == 'save_meal: {"meal_id": "m-1"}'
    assert answers[1].startswith("save_meal failed: ")
    assert "nobody eats that" in answers[1]


async def test_who_answered_is_reported_as_livekit_detects_it(scripted: Any) -> None:
    """Nothing is heard in a session without a room: LiveKit's detection then says that it is not certain."""
    thresholds = {"no_speech_threshold": 0.05, "timeout": 0.1}
    async with FakeCall() as call:
        session = make_session(scripted)
        await session.start(agents.Agent(instructions=""))
        answer = await detect_machine(call, session, llm=scripted.ScriptedLLM(), detection_options=thresholds)
        await session.aclose()
    assert call.reported.answering_machine == answer
    assert answer in {category.value for category in agents.AMDCategory}
