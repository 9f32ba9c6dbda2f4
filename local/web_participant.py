"""A person in a web call, for the demo: joins with a token, says hello to the agent, and leaves.

Run by the Python that has LiveKit's client: `.local/livekit/bin/python -m local.web_participant`, with
PARTICIPANT_LIVEKIT_URL and PARTICIPANT_TOKEN in its environment.

It waits for the agent's greeting, says hello, and waits for the answer. An agent that does not speak first is
greeted after a while.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from typing import Any

GREETING = "Hello"
URL_VARIABLE, TOKEN_VARIABLE = "PARTICIPANT_LIVEKIT_URL", "PARTICIPANT_TOKEN"
CHAT_TOPIC, TRANSCRIPTION_TOPIC = "lk.chat", "lk.transcription"
"""Topics of LiveKit's text streams: what a person writes, and what is spoken.
Source: https://docs.livekit.io/agents/build/text/."""

_SPEAKS_WITHIN_S = 15.0
_LINGERS_S = 1.0


async def talk(url: str, token: str) -> bool:
    """Greet the agent of a call; return whether it said something."""
    room = importlib.import_module("livekit.rtc").Room()
    heard: asyncio.Queue[str] = asyncio.Queue()
    reading: set[asyncio.Task[None]] = set()

    async def read(reader: Any) -> None:
        if text := await reader.read_all():
            heard.put_nowait(text)

    def on_text(reader: Any, identity: str) -> None:
        if identity != room.local_participant.identity:
            task = asyncio.create_task(read(reader))
            reading.add(task)
            task.add_done_callback(reading.discard)

    for topic in (CHAT_TOPIC, TRANSCRIPTION_TOPIC):
        room.register_text_stream_handler(topic, on_text)
    await room.connect(url, token)
    try:
        greeted = await _next(heard)
        await room.local_participant.send_text(GREETING, topic=CHAT_TOPIC)
        answered = await _next(heard)
        await asyncio.sleep(_LINGERS_S)  # for what the agent still says
        return greeted or answered
    finally:
        await room.disconnect()


async def _next(heard: asyncio.Queue[str]) -> bool:
    try:
        await asyncio.wait_for(heard.get(), _SPEAKS_WITHIN_S)
    except TimeoutError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(not asyncio.run(talk(os.environ[URL_VARIABLE], os.environ[TOKEN_VARIABLE])))
