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

if TYPE_CHECKING:
    from local.livekit.rooms import LiveRoom

_LOOK_EVERY_S = 0.1
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
    name = context["user_context"].get("user_name", "there")
    call.said("assistant", f"Hello {name}!", context["agent"]["name"])
    call.said("user", "Hi there")
    await call.answering_machine("human")
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        if not _people(room) or identity not in room.participants:
            break
    await call.flush()
    await call.summary(f"{agent_name} said hello to {name}.")


def _people(room: LiveRoom) -> bool:
    """Somebody is there: who joined by web, or who picked up a phone."""
    return any(
        person.kind == ParticipantInfo.Kind.STANDARD
        or (person.kind == ParticipantInfo.Kind.SIP and person.attributes.get("sip.callStatus") == "active")
        for person in room.participants.values()
    )
