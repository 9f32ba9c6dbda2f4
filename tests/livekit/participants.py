"""Participants who join a call with a token: in a real LiveKit room, or simulated by the stand-in."""

from __future__ import annotations

import asyncio
import importlib
import uuid
from typing import Any, Protocol

import httpx
import jwt

from tests.support.http import PATIENT_S

CHAT_TOPIC, TRANSCRIPTION_TOPIC = "lk.chat", "lk.transcription"


class Participant(Protocol):
    """A participant of a room."""

    async def leave(self) -> None: ...


class StandInParticipant:
    """A participant that the stand-in simulates; its agents talk by themselves."""

    def __init__(self, livekit_url: str, token: str) -> None:
        self._url = livekit_url
        claims = jwt.decode(token, options={"verify_signature": False})
        self._token, self._room, self._identity = token, claims["video"]["room"], claims["sub"]

    async def join(self) -> None:
        await self._tell("joins", token=self._token)

    async def leave(self) -> None:
        await self._tell("leaves", room=self._room, identity=self._identity)

    async def _tell(self, what: str, **body: Any) -> None:
        async with httpx.AsyncClient(timeout=PATIENT_S) as client:
            (await client.put(f"{self._url}/_control/{what}", json=body)).raise_for_status()


class RealParticipant:
    """LiveKit's own client; the words of the agent's speech are in `texts`, its sound in `heard_samples`."""

    def __init__(self, livekit_url: str, token: str) -> None:
        # In the environment of these tests alone: `local/livekit_server.sh` makes it.
        self._rtc = rtc = importlib.import_module("livekit.rtc")
        self._url, self._token = livekit_url.replace("http", "ws", 1), token
        self.room = rtc.Room()
        self.texts: list[str] = []
        self.heard_samples = 0
        self.shown_out = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self) -> None:
        self.room.register_text_stream_handler(TRANSCRIPTION_TOPIC, self._on_text)
        self.room.on("track_subscribed", self._on_track)
        self.room.on("disconnected", lambda *_: self.shown_out.set())
        await self.room.connect(self._url, self._token)

    async def say(self, text: str) -> None:
        await self.room.local_participant.send_text(text, topic=CHAT_TOPIC)

    async def leave(self) -> None:
        await self.room.disconnect()

    def _on_text(self, reader: Any, _: str) -> None:
        async def read() -> None:
            self.texts.append(await reader.read_all())

        self._keep(asyncio.create_task(read()))

    def _on_track(self, track: Any, *_: Any) -> None:
        async def hear() -> None:
            async for event in self._rtc.AudioStream(track):
                if any(bytes(event.frame.data)):
                    self.heard_samples += event.frame.samples_per_channel

        self._keep(asyncio.create_task(hear(), name=f"hear {uuid.uuid4()}"))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
