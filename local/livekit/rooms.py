"""Rooms with their participants and agent dispatches."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol.agent import Job, JobState, JobStatus, JobType
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room, TrackInfo, TrackType
from livekit.protocol.webhook import WebhookEvent

from local.livekit.agent_worker import AgentWorker
from local.livekit.ids import new_id
from local.livekit.webhooks import WebhookSender

DisconnectReasonValue = int
"""A `DisconnectReason`: protobuf passes enums as integers."""

AGENT_JOIN_DELAY_S = 0.3
DEPARTURE_TIMEOUT_S = 20.0


@dataclass
class ActiveRoom:
    """One room; `closing` is the task that closes it after its last caller left.

    `is_stale`: the server that had it was restarted. Its participants are still listed, and nobody can remove
    them.
    """

    info: Room
    participants: dict[str, ParticipantInfo] = field(default_factory=dict)
    dispatches: dict[str, AgentDispatch] = field(default_factory=dict)
    closing: asyncio.Task[None] | None = None
    is_stale: bool = False


@dataclass
class AgentDelays:
    """The seconds from dispatch to join of each agent name; None if the agent never joins."""

    joins_after_s: dict[str, float | None] = field(default_factory=dict)

    def delay_s(self, agent_name: str) -> float | None:
        """Return the delay of an agent, by default 0.3 s."""
        return self.joins_after_s.get(agent_name, AGENT_JOIN_DELAY_S)


class RoomRegistry:
    """The active rooms of the project, by name."""

    def __init__(self, sender: WebhookSender, worker: AgentWorker | None = None) -> None:
        self._worker = worker
        self.agents = AgentDelays()
        self.active: dict[str, ActiveRoom] = {}
        self._sender = sender
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Start a task, and hold a reference to it while it runs."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def get_or_create(self, name: str, metadata: str = "") -> ActiveRoom:
        """Return a room; create it if it is not active."""
        if name not in self.active:
            info = Room(sid=new_id("RM"), name=name, metadata=metadata, creation_time=int(time.time()))
            self.active[name] = ActiveRoom(info)
            self._send_webhook("room_started", self.active[name])
        return self.active[name]

    def _send_webhook(self, event: str, room: ActiveRoom, participant: ParticipantInfo | None = None) -> None:
        """Send a webhook about a room."""
        self._sender.send(WebhookEvent(event=event, room=room.info, participant=participant))

    def _send_track_webhook(self, event: str, room: ActiveRoom, participant: ParticipantInfo) -> None:
        """Send a webhook about the audio track of a participant, if the control API asked for them."""
        if self._sender.tells_tracks:
            track = TrackInfo(sid=f"TR_{participant.sid.removeprefix('PA_')}", type=TrackType.AUDIO)
            told = WebhookEvent(event=event, room=room.info, participant=participant, track=track)
            self._sender.send(told)

    def restart(self, *, keeps_rooms: bool) -> None:
        """Forget who was there without a webhook; with redis (`keeps_rooms`) the rooms stay, but stale."""
        for room in self.active.values():
            room.is_stale = True
            if room.closing:
                room.closing.cancel()
                room.closing = None
        if not keeps_rooms:
            self.active.clear()

    def join(self, room: ActiveRoom, participant: ParticipantInfo, *, hidden: bool = False) -> None:
        """Add a participant. A hidden one does not keep the room open, and sends no webhooks."""
        if hidden:
            return
        if room.closing:
            room.closing.cancel()
            room.closing = None
        room.participants[participant.identity] = participant
        self._send_webhook("participant_joined", room, participant)
        self._send_track_webhook("track_published", room, participant)

    def leave(self, room: ActiveRoom, identity: str, reason: DisconnectReasonValue) -> None:
        """Remove a participant. A room without callers closes after 20 s, which removes its agents."""
        participant = room.participants.pop(identity, None)
        if participant is None:
            return
        participant.state = ParticipantInfo.State.DISCONNECTED
        participant.disconnect_reason = reason  # type: ignore[assignment]
        self._send_track_webhook("track_unpublished", room, participant)
        self._send_webhook("participant_left", room, participant)
        callers = [other for other in room.participants.values() if other.kind != ParticipantInfo.Kind.AGENT]
        if not callers and room.closing is None and room.info.name in self.active:
            room.closing = self.spawn(self._close_later(room))

    async def _close_later(self, room: ActiveRoom) -> None:
        await asyncio.sleep(DEPARTURE_TIMEOUT_S)
        room.closing = None
        self.close(room, DisconnectReason.ROOM_CLOSED)

    def close(self, room: ActiveRoom, reason: DisconnectReasonValue) -> None:
        """Close a room and remove its participants."""
        if self.active.pop(room.info.name, None) is None:
            return
        if room.closing:
            room.closing.cancel()
        for identity in list(room.participants):
            self.leave(room, identity, reason)
        self._send_webhook("room_finished", room)

    def dispatch(
        self, room: ActiveRoom, agent_name: str, metadata: str, restart_policy: Any = 0
    ) -> AgentDispatch:
        """Dispatch an agent to a room; not idempotent, as on a real LiveKit."""
        state = AgentDispatchState(created_at=time.time_ns())
        dispatch = AgentDispatch(
            id=new_id("AD"),
            agent_name=agent_name,
            room=room.info.name,
            metadata=metadata,
            state=state,
            restart_policy=restart_policy,
        )
        room.dispatches[dispatch.id] = dispatch
        delay_s = self.agents.delay_s(agent_name)
        if delay_s is not None:
            self.spawn(self._join_agent(room, dispatch, delay_s))
        return dispatch

    async def _join_agent(self, room: ActiveRoom, dispatch: AgentDispatch, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if room.info.name not in self.active or dispatch.id not in room.dispatches:
            return
        job_id = new_id("AJ")
        identity = f"agent-{job_id}"
        dispatch.state.jobs.append(_running_job(job_id, identity, room, dispatch))
        agent = ParticipantInfo(
            sid=new_id("PA"),
            identity=identity,
            kind=ParticipantInfo.Kind.AGENT,
            state=ParticipantInfo.State.ACTIVE,
            joined_at=int(time.time()),
        )
        self.join(room, agent)
        if self._worker:
            self.spawn(self._worker.run_job(room, dispatch.agent_name, identity))

    async def stop(self) -> None:
        """Cancel all tasks."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _running_job(job_id: str, identity: str, room: ActiveRoom, dispatch: AgentDispatch) -> Job:
    now_ns = time.time_ns()
    state = JobState(
        status=JobStatus.JS_RUNNING, started_at=now_ns, updated_at=now_ns, participant_identity=identity
    )
    return Job(
        id=job_id,
        dispatch_id=dispatch.id,
        type=JobType.JT_ROOM,
        room=room.info,
        metadata=dispatch.metadata,
        agent_name=dispatch.agent_name,
        state=state,
    )
