"""A simulated agent that talks: it asks what the call is about and reports what happens, with the
helper that real agents use."""

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
    from local.livekit.rooms import LiveRoom

_LOOK_EVERY_S = 0.1
_MESSAGE_S = 1.5
log = logging.getLogger("livekit.worker")


@dataclass(frozen=True)
class Worker:
    """Talks in the calls of the agents named in `agents`; the others are in their rooms and silent."""

    api_url: str
    api_key: str
    api_secret: str
    agents: frozenset[str]

    async def talk(self, room: LiveRoom, agent_name: str, identity: str) -> None:
        """Hold one conversation."""
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
            log.warning("%s: not reported: %s", call.id, error)


async def _converse(call: AgentCall, room: LiveRoom, agent_name: str, identity: str) -> None:
    context = await call.context()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        if identity not in room.participants:
            return
        if _people(room):
            break
    await call.answered()
    name, outcome = context["user_context"].get("user_name", "there"), _outcome(room)
    call.said("assistant", f"Hello {name}!", context["agent"]["name"])
    if outcome.machine:
        await _leave_message(call)
        return
    call.said("user", "Hi there")
    for number in range(3, outcome.turns + 1):
        call.said(("user", "assistant")[number % 2], f"This is turn {number}.")
    await call.answering_machine("human")
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        if not _people(room) or identity not in room.participants:
            break
    await call.flush()
    await call.summary(f"{agent_name} said hello to {name}.")


async def _leave_message(call: AgentCall) -> None:
    await call.answering_machine("machine")
    await asyncio.sleep(_MESSAGE_S)
    await call.summary("A machine picked up; a message was left.")
    await call.ended("voicemail_reached")


def _outcome(room: LiveRoom) -> TestNumber:
    """What the phoned number does, as far as its agent hears it."""
    numbers = [person.attributes.get("sip.phoneNumber", "") for person in room.participants.values()]
    return lookup_test_number(next(filter(None, numbers), ""))


def _people(room: LiveRoom) -> bool:
    """Somebody is there: who joined by web, or who picked up a phone."""
    return any(
        person.kind == ParticipantInfo.Kind.STANDARD
        or (person.kind == ParticipantInfo.Kind.SIP and person.attributes.get("sip.callStatus") == "active")
        for person in room.participants.values()
    )
