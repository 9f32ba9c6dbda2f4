"""A LiveKit agent that needs no model: it chimes, greets, repeats what it is told, uses tools, reports."""

from __future__ import annotations

import asyncio
import math
import os
from array import array

from livekit import rtc
from livekit.agents import AgentServer, JobContext, JobExecutorType, ToolError, cli
from livekit.agents.llm import RawFunctionTool
from trunkline_agent import AgentCall
from trunkline_agent.livekit_tools import function_tools

RATE_HZ, FRAME_S = 24_000, 0.02
CHIME = ((660, 0.15), (880, 0.25))
TEXT_TOPIC = "lk.chat"

# A worker whose machine is busy takes no calls; on a machine that tests share it takes all.
load = {"load_fnc": lambda: 0.0} if os.environ.get("AGENT_TAKES_ALL") else {}

server = AgentServer(job_executor_type=JobExecutorType.THREAD, **load)


@server.rtc_session(agent_name=os.environ.get("AGENT_NAME", "demo-agent"))
async def entrypoint(ctx: JobContext) -> None:
    """One job: one conversation."""
    await ctx.connect()
    async with AgentCall.of_room(ctx.room.name) as call:
        await converse(ctx, call)
    ctx.shutdown(reason="the call is over")


async def converse(ctx: JobContext, call: AgentCall) -> None:
    """Greet, repeat, use tools, say goodbye; put your own conversation here."""
    context, tools = await call.context(), await function_tools(call)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listen(ctx.room, heard)
    speaker = await publish_speaker(ctx.room)
    while True:
        await asyncio.sleep(0.05)
        if person_is_there(ctx.room):
            break
    await call.answered()
    await play(speaker, CHIME)
    await say(ctx.room, call, f"Hello {context['user_context'].get('user_name', 'there')}!")
    repeated = 0
    while person_is_there(ctx.room):
        text = await next_text(heard)
        if text is None:
            continue
        call.said("user", text)
        if text.strip().lower() == "bye":
            await say(ctx.room, call, "Goodbye!")
            await call.summary(f"Repeated {repeated} things, then said goodbye.")
            await call.ended("said_goodbye")
            return
        if answer := await use_tool(tools, text):
            await say(ctx.room, call, answer)
            continue
        repeated += 1
        await say(ctx.room, call, f"You said: {text}")
    await call.flush()
    await call.summary(f"Repeated {repeated} things.")


async def use_tool(tools: list[RawFunctionTool], text: str) -> str | None:
    """ "save_meal two eggs" uses the tool `save_meal`: a model would choose, and fill in all parameters."""
    name, _, words = text.partition(" ")
    tool = next((tool for tool in tools if tool.info.name == name), None)
    if tool is None:
        return None
    needed = tool.info.raw_schema["parameters"]["required"]
    try:
        return f"{name}: {await tool(raw_arguments=dict.fromkeys(needed[:1], words))}"
    except ToolError as error:
        return f"{name} failed: {error.message}"


def listen(room: rtc.Room, heard: asyncio.Queue[str]) -> None:
    """Put every text that somebody sends into the queue."""
    readings: set[asyncio.Task[None]] = set()

    async def read(reader: rtc.TextStreamReader) -> None:
        heard.put_nowait(await reader.read_all())

    def on_text(reader: rtc.TextStreamReader, identity: str) -> None:
        task = asyncio.create_task(read(reader), name=f"text of {identity}")
        readings.add(task)
        task.add_done_callback(readings.discard)

    room.register_text_stream_handler(TEXT_TOPIC, on_text)


async def next_text(heard: asyncio.Queue[str]) -> str | None:
    try:
        return await asyncio.wait_for(heard.get(), 0.2)
    except TimeoutError:
        return None


async def say(room: rtc.Room, call: AgentCall, text: str) -> None:
    """Send a text to the room, and note it in the transcript."""
    await room.local_participant.send_text(text, topic=TEXT_TOPIC)
    call.said("assistant", text)


def person_is_there(room: rtc.Room) -> bool:
    """Somebody who joined by web, or who picked up a phone."""
    return any(
        person.kind == rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
        or (
            person.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP
            and person.attributes.get("sip.callStatus") == "active"
        )
        for person in room.remote_participants.values()
    )


async def publish_speaker(room: rtc.Room) -> rtc.AudioSource:
    source = rtc.AudioSource(RATE_HZ, 1)
    track = rtc.LocalAudioTrack.create_audio_track("agent", source)
    await room.local_participant.publish_track(track)
    return source


async def play(source: rtc.AudioSource, tones: tuple[tuple[int, float], ...]) -> None:
    """Play sine tones: (Hz, seconds)."""
    samples = int(RATE_HZ * FRAME_S)
    for pitch_hz, lasts_s in tones:
        for frame in range(int(lasts_s / FRAME_S)):
            wave = (
                int(8000 * math.sin(2 * math.pi * pitch_hz * (frame * samples + n) / RATE_HZ))
                for n in range(samples)
            )
            await source.capture_frame(rtc.AudioFrame(array("h", wave).tobytes(), RATE_HZ, 1, samples))


if __name__ == "__main__":
    cli.run_app(server)
