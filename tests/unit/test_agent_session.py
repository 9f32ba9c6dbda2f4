"""`AgentCall.follow`: what an AgentSession of livekit-agents emits becomes reports, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from trunkline_agent import NotConnected, Refused, leave_message
from trunkline_agent.testing import FakeTrunkline

from tests.support.agent_sessions import (
    KIND,
    Session,
    make_call,
    make_participant,
    make_room,
)
from trunkline.calls.report_schemas import ConversationMetrics, Reports
from trunkline.core.validation import validated


async def test_what_is_said_becomes_the_transcript_in_its_order() -> None:
    session = Session()
    async with make_call() as call:
        await call.context()
        call.follow(session)
        session.hand_over(None, "demo_agent")
        session.say_turn("assistant", "Hello", "item_1")
        session.say_turn("assistant", "Hello", "item_1")
        session.say_turn("user", "My bill?", "item_2")
        session.say_turn("user", None, "item_3")
        session.say_turn("developer", "secret instructions", "item_4")
        session.hand_over("demo_agent", "get_email_task")
        session.say_turn("assistant", "Your address?", "item_5")
        session.hand_over("get_email_task", "demo_agent")
        session.hand_over("demo_agent", "billing")
        session.say_turn("assistant", "It is paid.", "item_6")
    reports = call.reported.reports
    assert [report["type"] for report in reports] == ["transcript", "agent_changed", "transcript"]
    told = [(turn.get("agent"), turn["content"]) for turn in call.reported.turns]
    assert told == [
        ("Demo Agent", "Hello"),
        (None, "My bill?"),
        ("Demo Agent", "Your address?"),
        ("Billing", "It is paid."),
    ]
    assert call.reported.agents == ["Billing"]
    assert call.reported.turns[0]["at"] == "2026-11-21T10:27:31.709+00:00"
    validated(Reports, {"reports": reports})


async def test_ids_of_agents_can_be_named() -> None:
    session = Session()
    async with make_call() as call:
        await call.context()
        with pytest.raises(ValueError, match="no agent Nobody"):
            call.follow(session, agents={"invoices_v2": "Nobody"})
        call.follow(session, agents={"invoices_v2": "Billing"})
        session.hand_over("demo_agent", "invoices_v2")
    assert call.reported.agents == ["Billing"]


async def test_the_figures_of_a_session_are_reported_when_it_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[list[str]] = []
    answer = FakeTrunkline.request

    async def noted(self: FakeTrunkline, method: str, path: str, body: Any = None) -> dict[str, Any]:
        requests.append([report["type"] for report in body["reports"]])
        return await answer(self, method, path, body)

    monkeypatch.setattr(FakeTrunkline, "request", noted)
    session = Session()
    usage = SimpleNamespace(
        type="llm_usage", provider="openai", model="gpt-5.1", input_tokens=900, output_tokens=80
    )
    speech = SimpleNamespace(
        type="tts_usage", provider="x", model="y" * 200, characters_count=412, audio_duration=31.41592
    )
    async with make_call() as call:
        call.follow(session)
        session.emit("session_usage_updated", usage=SimpleNamespace(model_usage=[usage]))
        session.emit("session_usage_updated", usage=SimpleNamespace(model_usage=[usage, speech]))
        for number, took_s in enumerate((0.9, 0.7, 2.0)):
            session.say_turn("assistant", "x", f"item_{number}", e2e_latency=took_s, llm_node_tps=40.0)
        session.close("user_initiated")
    assert [report["type"] for report in call.reported.reports] == ["transcript", "metrics", "ended"]
    assert requests[-1] == ["metrics", "ended"], "in one request: the end waits for nothing"
    report = validated(Reports, {"reports": [call.reported.reports[1]]}).reports[0]
    assert isinstance(report, ConversationMetrics)
    assert [(each.kind, each.input_tokens, each.characters) for each in report.models] == [
        ("llm", 900, 0),
        ("tts", 0, 412),
    ]
    assert report.models[1].audio_seconds == 31.416
    figures = [(each.of, each.median_ms, each.max_ms, each.turns) for each in report.latencies]
    assert figures == [("end_to_end", 900, 2000, 3)]


async def test_a_trunkline_that_knows_no_figures_still_gets_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = FakeTrunkline.request

    async def of_an_older_version(self: FakeTrunkline, *request: Any, **more: Any) -> dict[str, Any]:
        if "metrics" in repr(request):
            raise Refused("type must be one of", "invalid_request")
        return await answer(self, *request, **more)

    monkeypatch.setattr(FakeTrunkline, "request", of_an_older_version)
    session = Session()
    async with make_call() as call:
        call.follow(session)
        session.say_turn("assistant", "x", e2e_latency=0.5)
        session.close("user_initiated")
    assert call.reported.end_reason == "agent_hangup"


async def test_a_message_is_said_to_its_end_before_the_call_is_ended() -> None:
    session = Session()
    async with make_call() as call:
        await call.answering_machine("machine-vm")
        await leave_message(call, session, "Please call us back.")
        call.follow(session)
        session.close("user_initiated")
    assert session.spoken == [("Please call us back.", False)]
    assert [report["type"] for report in call.reported.reports] == ["answering_machine", "ended"]
    assert call.reported.end_reason == "voicemail_reached"


async def test_the_person_is_waited_for_until_they_are_there() -> None:
    callee = make_participant(KIND.SIP, sip__callStatus="ringing")
    room = make_room(make_participant(KIND.AGENT), callee)
    async with make_call() as call:
        waiting = asyncio.create_task(call.wait_for_person(room))
        await asyncio.sleep(0.12)
        assert not waiting.done()
        callee.attributes["sip.callStatus"] = "active"
        assert await asyncio.wait_for(waiting, 5) == callee.identity
        assert call.reported.answered


async def test_nobody_is_waited_for_in_a_room_that_was_closed() -> None:
    room = make_room()
    room.isconnected = lambda: False
    async with make_call() as call:
        assert await call.wait_for_person(room) is None
    assert not call.reported.answered


class RoomBeforeConnect:
    """A room to which nobody has connected yet, as `livekit.rtc.Room` is then."""

    remote_participants: Mapping[str, Any] = {}

    @property
    def local_participant(self) -> Any:
        raise Exception("cannot access local participant before connecting")  # noqa: TRY002 - as LiveKit does

    def isconnected(self) -> bool:
        return False


async def test_who_waits_in_a_room_before_it_is_connected_is_told() -> None:
    """It is no room in which nobody answered."""
    async with make_call() as call:
        with pytest.raises(NotConnected, match=r"await ctx\.connect\(\)"):
            await call.wait_for_person(RoomBeforeConnect())
