"""`AgentCall.follow`: what an AgentSession of livekit-agents emits becomes reports, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from livekit.protocol.models import ParticipantInfo
from trunkline_agent import NotConnected, Refused, job_end, leave_message
from trunkline_agent.testing import FakeCall, FakeTrunkline

from trunkline.calls.report_schemas import ConversationMetrics, Reports
from trunkline.core.validation import validated

SAID_AT_S = 1_795_256_851.709
KIND = ParticipantInfo.Kind


class Job:
    """Ends as one of livekit-agents 1.8 does (`livekit/agents/ipc/job_proc_lazy_main.py`).

    Its own task closes the session, before any shutdown callback, and whoever asked for the end.
    """

    def __init__(self) -> None:
        self.job: Any = None
        self.callbacks: list[Callable[[], Coroutine[None, None, None]]] = []
        self.is_shut_down = asyncio.Event()

    def shutdown(self, reason: str = "") -> None:
        self.is_shut_down.set()

    def add_shutdown_callback(self, callback: Callable[[], Coroutine[None, None, None]]) -> None:
        self.callbacks.append(callback)

    async def run(self, entrypoint: Coroutine[None, None, None], session: Session) -> None:
        await asyncio.create_task(entrypoint)
        await self.is_shut_down.wait()
        session.close("user_initiated")
        for callback in self.callbacks:
            await callback()


class Session:
    """Emits events with the fields of livekit-agents 1.8 (`livekit/agents/voice/events.py`)."""

    def __init__(self, *participants: SimpleNamespace) -> None:
        self.handlers: dict[str, Callable[[Any], None]] = {}
        self.room = make_room(*participants) if participants else None
        self.spoken: list[tuple[str, bool]] = []

    @property
    def room_io(self) -> SimpleNamespace:
        if self.room is None:
            raise RuntimeError("Cannot access room_io: the AgentSession was not started with a room.")
        return SimpleNamespace(room=self.room)

    def on(self, event: str, callback: Callable[[Any], None]) -> None:
        self.handlers[event] = callback

    def emit(self, event: str, **fields: Any) -> None:
        self.handlers[event](SimpleNamespace(**fields))

    def say_turn(self, role: str, text: str | None, item_id: str = "", **metrics: float) -> None:
        item = SimpleNamespace(
            type="message",
            id=item_id or f"item_{role}_{text}",
            role=role,
            text_content=text,
            created_at=SAID_AT_S,
            metrics=metrics,
        )
        self.emit("conversation_item_added", item=item)

    def hand_over(self, old: str | None, new: str) -> None:
        item = SimpleNamespace(type="agent_handoff", id="item_h", old_agent_id=old, new_agent_id=new)
        self.emit("conversation_item_added", item=item)

    def close(self, reason: str) -> None:
        self.emit("close", reason=SimpleNamespace(value=reason), error=None)

    def say(self, text: str, *, allow_interruptions: bool) -> Any:
        self.spoken.append((text, allow_interruptions))

        async def played() -> None: ...

        return SimpleNamespace(wait_for_playout=played)


def make_participant(kind: int, **attributes: str) -> SimpleNamespace:
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    return SimpleNamespace(identity=f"one-{kind}", kind=kind, attributes=named)


def make_room(*participants: SimpleNamespace) -> SimpleNamespace:
    present = {str(number): each for number, each in enumerate(participants)}
    me = SimpleNamespace(identity="agent")
    return SimpleNamespace(remote_participants=present, local_participant=me, isconnected=lambda: True)


def open_for_job(call: FakeCall, job: Job) -> None:
    """Do as `AgentCall.of_job` does."""
    call.open()
    call.job_end.watch(job)
    job.add_shutdown_callback(call.close)


def make_call(**settings: Any) -> FakeCall:
    return FakeCall(agents=("Demo Agent", "Billing"), **settings)


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


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("user_initiated", "agent_hangup"),
        ("task_completed", "agent_hangup"),
        ("error", "session_error"),
        ("participant_disconnected", None),
        ("job_shutdown", None),
    ],
)
async def test_a_session_that_the_agent_closes_ends_the_call(reason: str, told: str | None) -> None:
    session = Session(make_participant(KIND.STANDARD))
    async with make_call() as call:
        followed = call.follow(session)
        session.say_turn("assistant", "Goodbye")
        session.close(reason)
        await asyncio.wait_for(followed.wait_closed(), 5)
    assert call.reported.end_reason == told
    assert call.reported.said("assistant") == ["Goodbye"]


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("the worker is shut down", None),
        ("the agent shuts the job down", "agent_hangup"),
        ("the agent closes the session", "agent_hangup"),
        ("the session fails", "session_error"),
    ],
)
async def test_only_the_agents_own_end_of_its_session_ends_the_call(end: str, told: str | None) -> None:
    session, call, job = Session(make_participant(KIND.STANDARD)), make_call(), Job()
    from_outside = job.shutdown

    async def entrypoint() -> None:
        open_for_job(call, job)
        call.follow(session)
        if end == "the agent shuts the job down":
            job.shutdown("done")
        elif end == "the agent closes the session":
            session.close("user_initiated")
        elif end == "the session fails":
            session.close("error")

    running = asyncio.create_task(job.run(entrypoint(), session))
    await asyncio.sleep(0)
    from_outside()
    await asyncio.wait_for(running, 5)
    assert call.reported.end_reason == told


@pytest.mark.parametrize("job_ends", [False, True])
async def test_a_session_closed_by_a_task_of_neither_is_told_by_the_jobs_end(
    monkeypatch: pytest.MonkeyPatch, job_ends: bool
) -> None:
    """Such as a handler of a room that was connected before the call was opened."""
    monkeypatch.setattr(job_end, "_JOB_ENDS_WITHIN_S", 60 if job_ends else 0.01)
    session, call = Session(make_participant(KIND.STANDARD)), make_call()
    followed: list[Any] = []

    async def entrypoint() -> None:
        open_for_job(call, Job())
        followed.append(call.follow(session))

    await asyncio.create_task(entrypoint())
    session.close("user_initiated")
    if not job_ends:
        await asyncio.wait_for(followed[0].wait_closed(), 5)
    await asyncio.wait_for(call.close(), 5)
    assert call.reported.end_reason == (None if job_ends else "agent_hangup")


async def test_an_agent_that_lost_its_room_has_not_hung_up() -> None:
    session = Session(make_participant(KIND.STANDARD))
    async with make_call() as call:
        call.follow(session)
        assert session.room is not None
        session.room.isconnected = lambda: False
        session.close("user_initiated")
    assert call.reported.end_reason is None


async def test_a_call_that_its_person_left_is_not_ended_by_the_agent() -> None:
    """The job ends after the person has gone; Trunkline knows the reason from LiveKit."""
    session = Session(make_participant(KIND.AGENT), make_participant(KIND.SIP, sip__callStatus="hangup"))
    async with make_call() as call:
        call.follow(session)
        session.close("user_initiated")
    assert call.reported.end_reason is None


@pytest.mark.parametrize("action", ["transfer_agent", "end_call"])
async def test_a_call_that_a_tool_has_passed_on_is_not_ended(action: str) -> None:
    session = Session(make_participant(KIND.STANDARD))
    async with make_call() as call:
        call.add_tool("pass_on", lambda _: None, actions=[action])
        call.follow(session)
        await call.use_tool("pass_on", {})
        session.close("user_initiated")
    assert call.reported.end_reason is None


async def test_an_agent_whose_successor_does_not_come_has_the_call_again() -> None:
    async with make_call() as call:
        call.add_tool("pass_on", lambda _: None, actions=["transfer_agent"])
        await call.use_tool("pass_on", {})
        avatar = make_participant(KIND.AGENT, lk__publish_on_behalf="agent-1")
        assert not await call.wait_for_successor(make_room(make_participant(KIND.STANDARD), avatar), 0.01)
        assert not call.is_over
        assert await call.wait_for_successor(make_room(make_participant(KIND.AGENT)), 5)
        assert call.is_over


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
