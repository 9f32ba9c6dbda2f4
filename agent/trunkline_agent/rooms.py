"""Who is in a LiveKit room: the person of the call, and other agents.

Rooms are those of `livekit.rtc`, named here only by what is used of them, so that `livekit` stays optional.
Source of kinds and attributes: https://docs.livekit.io/telephony/reference/sip-participant/.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from livekit.protocol.models import ParticipantInfo

_POLL_INTERVAL_S = 0.05
_ANSWERED = {"sip.callStatus": "active"}
_SPEAKS_FOR_ANOTHER = "lk.publish_on_behalf"
"""An attribute of avatars: they are agents to LiveKit, and take no call over."""


class Participant(Protocol):
    """A participant, as `livekit.rtc.RemoteParticipant` is."""

    @property
    def identity(self) -> str: ...

    @property
    def kind(self) -> Any: ...

    @property
    def attributes(self) -> Mapping[str, str]: ...


class Room(Protocol):
    """A room, as `livekit.rtc.Room` is."""

    @property
    def remote_participants(self) -> Mapping[str, Any]: ...

    @property
    def local_participant(self) -> Any: ...

    def isconnected(self) -> bool: ...


class NotConnected(Exception):
    """The room has not been connected yet."""


class Job(Protocol):
    """The job of an agent, as `livekit.agents.JobContext` is."""

    @property
    def job(self) -> Any: ...

    def shutdown(self, reason: str = ...) -> None: ...

    def add_shutdown_callback(self, callback: Callable[[], Coroutine[None, None, None]]) -> None: ...


def person_in(room: Room) -> str | None:
    """Return the identity of the person who joined the web call, or picked up the phone; else None."""
    found = (each.identity for each in room.remote_participants.values() if _is_person(each))
    return next(found, None)


async def wait_for_person(room: Room) -> str | None:
    """Return the person's identity as soon as they are there; None if the room was closed before.

    No event of LiveKit tells of both kinds of calls, so this looks again and again.

    Raises:
        NotConnected: the agent has not connected to it yet.
    """
    if not room.isconnected() and not _was_connected(room):
        raise NotConnected("connect to the room before waiting for the person: await ctx.connect()")
    while room.isconnected():
        if (person := person_in(room)) is not None:
            return person
        await asyncio.sleep(_POLL_INTERVAL_S)
    return None


async def successor_joins(room: Room, timeout_s: float) -> bool:
    """Wait until another agent is in the room; False if none came in `timeout_s` seconds."""
    deadline_s = time.monotonic() + timeout_s
    while room.isconnected() and time.monotonic() < deadline_s:
        if any(_is_agent(each) for each in room.remote_participants.values()):
            return True
        await asyncio.sleep(_POLL_INTERVAL_S)
    return False


def _was_connected(room: Room) -> bool:
    """Tell a room that was closed from one that was never connected, which has no participant of its own."""
    try:
        return room.local_participant is not None
    except Exception:  # noqa: BLE001 - what `livekit.rtc.Room` raises, and nothing narrower
        return False


def _is_person(participant: Participant) -> bool:
    if participant.kind == ParticipantInfo.Kind.SIP:
        return _ANSWERED.items() <= dict(participant.attributes).items()
    return bool(participant.kind == ParticipantInfo.Kind.STANDARD)


def _is_agent(participant: Participant) -> bool:
    is_agent = participant.kind == ParticipantInfo.Kind.AGENT
    return bool(is_agent and _SPEAKS_FOR_ANOTHER not in participant.attributes)
