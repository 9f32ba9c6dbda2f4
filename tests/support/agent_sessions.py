"""Stand-ins of a LiveKit job, session and room, as an agent meets them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

from livekit.protocol.models import ParticipantInfo
from trunkline_agent.testing import FakeCall

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
