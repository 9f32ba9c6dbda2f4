"""A simulated LiveKit agent worker, whose agents talk and report with the package that real agents use."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from livekit.protocol.models import ParticipantInfo
from trunkline_agent import AgentCall, NotACall, Refused

from trunkline.calls.test_numbers import TestNumber, lookup_test_number

if TYPE_CHECKING:
    from local.livekit.rooms import ActiveRoom

_POLL_INTERVAL_S = 0.1
_VOICEMAIL_MESSAGE_S = 1.5
log = logging.getLogger("livekit.worker")


@dataclass(frozen=True)
class AgentWorker:
    """Runs the jobs of the agents named in `agents`; other agents join their rooms and stay silent."""

    api_url: str
    api_key: str
    api_secret: str
    agents: frozenset[str]

    async def run_job(self, room: ActiveRoom, agent_name: str, identity: str) -> None:
        """Hold the conversation of one room, and report it to Trunkline."""
        if agent_name not in self.agents:
            return
        try:
            call = AgentCall.of_room(room.info.name, self.api_url, self.api_key, self.api_secret)
        except NotACall:
            return
        try:
            async with call:
                await _converse(call, room, agent_name, identity)
        except (aiohttp.ClientError, TimeoutError, Refused) as error:
            log.warning("call %s: report failed: %s", call.id, error)


async def _converse(call: AgentCall, room: ActiveRoom, agent_name: str, identity: str) -> None:
    context = await call.context()
    while True:
        await asyncio.sleep(_POLL_INTERVAL_S)
        if identity not in room.participants:
            return
        if _has_person(room):
            break
    await call.answered()
    name, callee = context["user_context"].get("user_name", "there"), _callee(room)
    call.said("assistant", f"Hello {name}!", context["agent"]["name"])
    if callee.machine:
        await _leave_voicemail(call)
        return
    call.said("user", "Hi there")
    for number in range(3, callee.turns + 1):
        call.said(("user", "assistant")[number % 2], f"This is turn {number}.")
    await call.answering_machine("human")
    while True:
        await asyncio.sleep(_POLL_INTERVAL_S)
        if not _has_person(room) or identity not in room.participants:
            break
    await call.flush()
    await call.summary(f"{agent_name} said hello to {name}.")


async def _leave_voicemail(call: AgentCall) -> None:
    await call.answering_machine("machine")
    await asyncio.sleep(_VOICEMAIL_MESSAGE_S)
    await call.summary("A machine picked up; a message was left.")
    await call.ended("voicemail_reached")


def _callee(room: ActiveRoom) -> TestNumber:
    """Return the behaviour of the called number."""
    numbers = [
        participant.attributes.get("sip.phoneNumber", "") for participant in room.participants.values()
    ]
    return lookup_test_number(next(filter(None, numbers), ""))


def _has_person(room: ActiveRoom) -> bool:
    """Return whether a web participant joined, or a callee answered the phone."""
    return any(
        participant.kind == ParticipantInfo.Kind.STANDARD
        or (
            participant.kind == ParticipantInfo.Kind.SIP
            and participant.attributes.get("sip.callStatus") == "active"
        )
        for participant in room.participants.values()
    )
