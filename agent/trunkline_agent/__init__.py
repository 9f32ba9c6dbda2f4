"""A client of Trunkline's agent API for LiveKit agents.

    call = AgentCall.of_job(ctx)
    context = await call.context()
    session = AgentSession(llm=…)
    call.follow(session)
    await session.start(Agent(instructions=…, tools=await function_tools(call)), room=ctx.room)

It authenticates with a token that it signs with the API key and secret of the LiveKit project, which an
agent worker has anyway. Turns of the transcript are sent in batches in the background. All reports are
idempotent, so a failed request is sent again.

Modules whose names begin with `livekit_` need livekit-agents; the others do not. `trunkline_agent.testing`
has a fake for tests.
"""

from trunkline_agent.call import AgentCall
from trunkline_agent.connection import NotACall
from trunkline_agent.context import CallContext, InvalidContext
from trunkline_agent.metrics import AgentMetrics
from trunkline_agent.responses import Refused
from trunkline_agent.rooms import NotConnected
from trunkline_agent.session import FollowedSession
from trunkline_agent.tools import ToolDefinition, ToolResult
from trunkline_agent.voicemail import MACHINES, VOICEMAIL, leave_message

__all__ = [
    "MACHINES",
    "VOICEMAIL",
    "AgentCall",
    "AgentMetrics",
    "CallContext",
    "FollowedSession",
    "InvalidContext",
    "NotACall",
    "NotConnected",
    "Refused",
    "ToolDefinition",
    "ToolResult",
    "leave_message",
]
