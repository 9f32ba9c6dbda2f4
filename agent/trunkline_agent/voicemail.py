"""A machine that answered: what it is, and the message to leave.

`trunkline_agent.livekit_amd.detect_machine` tells which one answered.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from trunkline_agent.call import AgentCall

VOICEMAIL = "machine-vm"
"""A mailbox that takes a message."""

MACHINES = frozenset({"machine", VOICEMAIL, "machine-ivr", "machine-unavailable"})
"""Results of a detection that are no person. `machine-ivr` is a menu, `machine-unavailable` a full box."""


class Speech(Protocol):
    """Something that is being said, as `livekit.agents.SpeechHandle` is."""

    def wait_for_playout(self) -> Awaitable[None]: ...


class SpeakingSession(Protocol):
    """A session, as `livekit.agents.AgentSession` is."""

    def say(self, text: str, *, allow_interruptions: bool) -> Speech: ...


async def leave_message(call: AgentCall, session: SpeakingSession, text: str) -> None:
    """Say a message to its end, and end the call: its status reason is `voicemail_reached`.

    `answering_machine` must have been reported, as `detect_machine` does. Trunkline redials such a call only
    if its redial policy says so.
    """
    await session.say(text, allow_interruptions=False).wait_for_playout()
    await call.ended("voicemail_reached")
