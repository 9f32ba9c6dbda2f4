"""Detection of answering machines with that of livekit-agents, reported to Trunkline.

It needs livekit-agents 1.5.2 or later, and a session with an LLM and an STT.
Source: https://docs.livekit.io/telephony/features/answering-machine-detection/.
"""

from __future__ import annotations

from typing import Any

from livekit.agents import AMD

from trunkline_agent.call import AgentCall


async def detect_machine(call: AgentCall, session: Any, **options: Any) -> str:
    """Listen to how the call is answered, report it, and return who it was.

    Results are `human`, `machine-vm`, `machine-ivr`, `machine-unavailable` and `uncertain`. What the agent
    has to say waits meanwhile. `options` are those of `livekit.agents.AMD`, for example
    `participant_identity`.
    """
    async with AMD(session, **options) as detector:
        result = await detector.execute()
    await call.answering_machine(result.category.value)
    return str(result.category.value)
