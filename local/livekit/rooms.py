"""Rooms, their participants and dispatches, and the simulated agent worker."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol.agent import Job, JobState, JobStatus, JobType
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room
from livekit.protocol.webhook import WebhookEvent

from local.livekit.ids import new_id
from local.livekit.webhooks import WebhookSender
from local.livekit.worker import Worker

Reason = int
"""A `DisconnectReason`, as protobuf gives its enums."""

AGENT_JOINS_AFTER_S = 0.3
ROOM_CLOSES_AFTER_S = 20.0


@dataclass
class LiveRoom:
    """One room; `closing` is the task that closes it some time after its callers left."""

    info: Room
    participants: dict[str, ParticipantInfo] = field(default_factory=dict)
    dispatches: dict[str, AgentDispatch] = field(default_factory=dict)
    closing: asyncio.Task[None] | None = None


@dataclass
class Agents:
    """How the simulated worker behaves, by agent name: seconds until it joins, or None if it is absent."""

    joins_after_s: dict[str, float | None] = field(default_factory=dict)

    def delay(self, agent_name: str) -> float | None:
        return self.joins_after_s.get(agent_name, AGENT_JOINS_AFTER_S)


class Rooms:
    """The rooms of the project."""

    def __init__(self, sender: WebhookSender, worker: Worker | None = None) -> None:
        self._worker = worker
        self.agents = Agents()
        self.live: dict[str, LiveRoom] = {}
        self._sender = sender
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Start a task and keep it from being collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def ensure(self, name: str, metadata: str = "") -> LiveRoom:
        """Return a room, made if need be."""
        if name not in self.live:
            info = Room(sid=new_id("RM"), name=name, metadata=metadata, creation_time=int(time.time()))
            self.live[name] = LiveRoom(info)
            self.tell("room_started", self.live[name])
        return self.live[name]

    def tell(self, event: str, room: LiveRoom, participant: ParticipantInfo | None = None) -> None:
        """Send a webhook about a room."""
        self._sender.send(WebhookEvent(event=event, room=room.info, participant=participant))

    def join(self, room: LiveRoom, participant: ParticipantInfo, *, unseen: bool = False) -> None:
        """Let a participant in; one who is unseen neither keeps the room open nor is told of."""
        if unseen:
            return
        if room.closing:
            room.closing.cancel()
            room.closing = None
        room.participants[participant.identity] = participant
        self.tell("participant_joined", room, participant)

    def leave(self, room: LiveRoom, identity: str, reason: Reason) -> None:
        """Take a participant out; without callers the room closes after a while and evicts its agents."""
        participant = room.participants.pop(identity, None)
        if participant is None:
            return
        participant.state = ParticipantInfo.State.DISCONNECTED
        participant.disconnect_reason = reason  # type: ignore[assignment]
        self.tell("participant_left", room, participant)
        callers = [p for p in room.participants.values() if p.kind != ParticipantInfo.Kind.AGENT]
        if not callers and room.closing is None and room.info.name in self.live:
            room.closing = self.spawn(self._close_later(room))

    async def _close_later(self, room: LiveRoom) -> None:
        await asyncio.sleep(ROOM_CLOSES_AFTER_S)
        room.closing = None
        self.close(room, DisconnectReason.ROOM_CLOSED)

    def close(self, room: LiveRoom, reason: Reason) -> None:
        """End a room and everyone's stay in it."""
        if self.live.pop(room.info.name, None) is None:
            return
        if room.closing:
            room.closing.cancel()
        for identity in list(room.participants):
            self.leave(room, identity, reason)
        self.tell("room_finished", room)

    def dispatch(
        self, room: LiveRoom, agent_name: str, metadata: str, restart_policy: Any = 0
    ) -> AgentDispatch:
        """Send an agent in; not idempotent, as the real one."""
        state = AgentDispatchState(created_at=time.time_ns())
        made = AgentDispatch(
            id=new_id("AD"),
            agent_name=agent_name,
            room=room.info.name,
            metadata=metadata,
            state=state,
            restart_policy=restart_policy,
        )
        room.dispatches[made.id] = made
        delay_s = self.agents.delay(agent_name)
        if delay_s is not None:
            self.spawn(self._agent_joins(room, made, delay_s))
        return made

    async def _agent_joins(self, room: LiveRoom, dispatch: AgentDispatch, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if room.info.name not in self.live or dispatch.id not in room.dispatches:
            return
        job_id, now_ns = new_id("AJ"), time.time_ns()
        identity = f"agent-{job_id}"
        state = JobState(
            status=JobStatus.JS_RUNNING, started_at=now_ns, updated_at=now_ns, participant_identity=identity
        )
        dispatch.state.jobs.append(
            Job(
                id=job_id,
                dispatch_id=dispatch.id,
                type=JobType.JT_ROOM,
                room=room.info,
                metadata=dispatch.metadata,
                agent_name=dispatch.agent_name,
                state=state,
            )
        )
        agent = ParticipantInfo(
            sid=new_id("PA"),
            identity=identity,
            kind=ParticipantInfo.Kind.AGENT,
            state=ParticipantInfo.State.ACTIVE,
            joined_at=int(time.time()),
        )
        self.join(room, agent)
        if self._worker:
            self.spawn(self._worker.talk(room, dispatch.agent_name, identity))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
