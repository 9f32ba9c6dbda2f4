"""A LiveKit agent without a model: it greets, repeats texts, invokes tools, and reports to Trunkline."""

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

# By default a worker on a busy machine accepts no jobs. Tests share their machine, so there it accepts all.
load = {"load_fnc": lambda: 0.0} if os.environ.get("AGENT_TAKES_ALL") else {}

server = AgentServer(job_executor_type=JobExecutorType.THREAD, **load)


@server.rtc_session(agent_name=os.environ.get("AGENT_NAME", "demo-agent"))
async def entrypoint(ctx: JobContext) -> None:
    """Run one job, which is one conversation."""
    await ctx.connect()
    async with AgentCall.of_room(ctx.room.name) as call:
        await converse(ctx, call)
    ctx.shutdown(reason="the call has ended")


async def converse(ctx: JobContext, call: AgentCall) -> None:
    """Greet, repeat, invoke tools and say goodbye. Replace this with your own conversation."""
    context, tools = await call.context(), await function_tools(call)
    texts: asyncio.Queue[str] = asyncio.Queue()
    listen(ctx.room, texts)
    speaker = await publish_speaker(ctx.room)
    while True:
        await asyncio.sleep(0.05)
        if has_person(ctx.room):
            break
    await call.answered()
    await play(speaker, CHIME)
    await say(ctx.room, call, f"Hello {context['user_context'].get('user_name', 'there')}!")
    repeated = 0
    while has_person(ctx.room):
        text = await next_text(texts)
        if text is None:
            continue
        call.said("user", text)
        if text.strip().lower() == "bye":
            await say(ctx.room, call, "Goodbye!")
            await call.summary(f"Repeated {repeated} things, then said goodbye.")
            await call.ended("said_goodbye")
            return
        if result := await use_tool(tools, text):
            await say(ctx.room, call, result)
            continue
        repeated += 1
        await say(ctx.room, call, f"You said: {text}")
    await call.flush()
    await call.summary(f"Repeated {repeated} things.")


async def use_tool(tools: list[RawFunctionTool], text: str) -> str | None:
    """Invoke the tool `save_meal` for the text "save_meal two eggs", and return its result.

    A model would choose a tool and fill in all its parameters.
    """
    name, _, words = text.partition(" ")
    tool = next((tool for tool in tools if tool.info.name == name), None)
    if tool is None:
        return None
    needed = tool.info.raw_schema["parameters"]["required"]
    try:
        return f"{name}: {await tool(raw_arguments=dict.fromkeys(needed[:1], words))}"
    except ToolError as error:
        return f"{name} failed: {error.message}"


def listen(room: rtc.Room, texts: asyncio.Queue[str]) -> None:
    """Put every text that a person sends into the queue: two agents would repeat each other without end."""
    readings: set[asyncio.Task[None]] = set()

    async def read(reader: rtc.TextStreamReader) -> None:
        texts.put_nowait(await reader.read_all())

    def on_text(reader: rtc.TextStreamReader, identity: str) -> None:
        sender = room.remote_participants.get(identity)
        if sender and sender.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            return
        task = asyncio.create_task(read(reader), name=f"text of {identity}")
        readings.add(task)
        task.add_done_callback(readings.discard)

    room.register_text_stream_handler(TEXT_TOPIC, on_text)


async def next_text(texts: asyncio.Queue[str]) -> str | None:
    """Return the next text, or None after 0.2 s."""
    try:
        return await asyncio.wait_for(texts.get(), 0.2)
    except TimeoutError:
        return None


async def say(room: rtc.Room, call: AgentCall, text: str) -> None:
    """Send a text to the room, and add it to the transcript."""
    await room.local_participant.send_text(text, topic=TEXT_TOPIC)
    call.said("assistant", text)


def has_person(room: rtc.Room) -> bool:
    """Return whether a web participant joined, or a callee answered the phone."""
    return any(
        participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
        or (
            participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP
            and participant.attributes.get("sip.callStatus") == "active"
        )
        for participant in room.remote_participants.values()
    )


async def publish_speaker(room: rtc.Room) -> rtc.AudioSource:
    """Publish an audio track, and return its source."""
    source = rtc.AudioSource(RATE_HZ, 1)
    track = rtc.LocalAudioTrack.create_audio_track("agent", source)
    await room.local_participant.publish_track(track)
    return source


async def play(source: rtc.AudioSource, tones: tuple[tuple[int, float], ...]) -> None:
    """Play sine tones, each with its pitch in Hz and its length in seconds."""
    samples = int(RATE_HZ * FRAME_S)
    for pitch_hz, length_s in tones:
        for frame in range(int(length_s / FRAME_S)):
            wave = (
                int(8000 * math.sin(2 * math.pi * pitch_hz * (frame * samples + n) / RATE_HZ))
                for n in range(samples)
            )
            await source.capture_frame(rtc.AudioFrame(array("h", wave).tobytes(), RATE_HZ, 1, samples))


if __name__ == "__main__":
    cli.run_app(server)
