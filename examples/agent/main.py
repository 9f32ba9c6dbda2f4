"""A LiveKit agent on Trunkline: it greets, talks, uses the call's tools, and hangs up.

Without a key of a model it follows a script (`scripted.py`), so it runs anywhere. With OPENAI_API_KEY, and
`pip install "livekit-agents[openai]"`, a model speaks.
"""

from __future__ import annotations

import os

from livekit.agents import (
    Agent,
    AgentServer,
    AgentSession,
    JobContext,
    JobExecutorType,
    RunContext,
    cli,
    function_tool,
    room_io,
)
from livekit.rtc import ParticipantKind
from scripted import ScriptedLLM, ToneTTS
from trunkline_agent import VOICEMAIL, AgentCall, leave_message
from trunkline_agent.livekit_amd import detect_machine
from trunkline_agent.livekit_tools import function_tools

INSTRUCTIONS = """You are on a phone call. Keep your sentences short. Use your tools where they help.
When the person says goodbye, say goodbye and hang up."""

# LiveKit gives no call to a worker whose machine is fully loaded. The local stack shares its machine with
# you, so there the agent says that it has time.
load = {"load_fnc": lambda: 0.0} if os.environ.get("AGENT_TAKES_ALL") else {}

server = AgentServer(job_executor_type=JobExecutorType.THREAD, **load)


class Assistant(Agent):
    """The conversation."""

    @function_tool
    async def hang_up(self, context: RunContext[None]) -> None:
        """End the call, once you have said goodbye."""
        # The session closes when this has been said, and `follow` then ends the call.
        context.session.shutdown()


@server.rtc_session(agent_name=os.environ.get("AGENT_NAME", "demo-agent"))
async def entrypoint(ctx: JobContext) -> None:
    """Hold one conversation."""
    await ctx.connect()
    call = AgentCall.of_job(ctx)
    context = await call.context()
    session = make_session()
    call.follow(session)
    session.on("close", lambda _: call.run_before_close(summarize(call, session)))
    tools = await function_tools(call)
    await session.start(
        Assistant(instructions=INSTRUCTIONS, tools=tools),
        room=ctx.room,
        room_options=room_io.RoomOptions(audio_input=session.stt is not None),
    )
    person = await call.wait_for_person(ctx.room)
    if person is None:
        return
    if is_on_phone(ctx, person) and await answered_by_machine(call, session, person):
        return
    await session.say(f"Hello {context['user_context'].get('user_name', 'there')}!")


def make_session() -> AgentSession[None]:
    """Return a session with models if there is a key for them, else with a script."""
    if os.environ.get("OPENAI_API_KEY"):
        from livekit.plugins import openai  # noqa: PLC0415 - the script needs no plugin

        return AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS())
    return AgentSession(
        llm=ScriptedLLM(), tts=ToneTTS(), vad=None, turn_handling={"turn_detection": "manual"}
    )


def is_on_phone(ctx: JobContext, person: str) -> bool:
    """Return whether the person is on the phone."""
    participant = ctx.room.remote_participants.get(person)
    return bool(participant and participant.kind == ParticipantKind.PARTICIPANT_KIND_SIP)


async def answered_by_machine(call: AgentCall, session: AgentSession[None], person: str) -> bool:
    """Return whether a machine answered; then its part is done. It takes a model that hears."""
    if session.stt is None:
        return False
    answer = await detect_machine(call, session, participant_identity=person)
    if answer == VOICEMAIL:
        await leave_message(call, session, "Hello, this is a reminder. Please call us back.")
    elif answer == "machine-unavailable":
        await call.ended("mailbox_full")
    return call.is_over


async def summarize(call: AgentCall, session: AgentSession[None]) -> None:
    """Report a summary; with a model, it would write one."""
    turns = [item for item in session.history.items if item.type == "message"]
    said = sum(turn.role == "user" for turn in turns)
    await call.summary(f"The person said {said} things, the agent {len(turns) - said}.")


if __name__ == "__main__":
    cli.run_app(server)
