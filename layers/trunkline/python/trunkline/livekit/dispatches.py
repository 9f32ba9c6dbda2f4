"""Agent dispatches of a call's room, through LiveKit's AgentDispatchService.

Source: https://docs.livekit.io/reference/other/agent-dispatch-api/ (types and fields); times are whole
seconds as that document says, even if the server sends nanoseconds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToDict
from livekit.api import LiveKitAPI
from livekit.api.twirp_client import TwirpErrorCode
from livekit.protocol.agent import Job, JobState
from livekit.protocol.agent_dispatch import (
    AgentDispatch,
    AgentDispatchState,
    CreateAgentDispatchRequest,
    JobRestartPolicy,
)
from livekit.protocol.room import ListRoomsRequest

from trunkline.calls.models import Call
from trunkline.core.errors import LiveKitFailed, NotFound
from trunkline.livekit.client import open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.dispatch_schemas import DispatchView, JobStateView, JobView, NewDispatch
from trunkline.livekit.sdk_boundary import LiveKitUnavailable, confirmed

_T = TypeVar("_T")
_CREDENTIAL = re.compile("password|secret|token|credential")
"""Names of fields that no client is shown: a room carries the password of its TURN server."""

_NANOSECONDS_FROM = 10**14
"""Larger than any present time in seconds, milliseconds or microseconds, smaller than any in nanoseconds."""


@dataclass(frozen=True)
class LiveKitDispatches:
    """Lists, creates and deletes dispatches in the LiveKit project of a call."""

    credentials_for: Callable[[Call], LiveKitCredentials]

    def create(self, call: Call, agent_name: str, request: NewDispatch) -> DispatchView:
        """Send an agent in. Not idempotent: a repeat adds another one.

        Raises:
            LiveKitFailed: it may or may not have been sent.
        """
        dispatch = CreateAgentDispatchRequest(
            agent_name=agent_name,
            room=call.room_name or "",
            metadata=request.metadata,
            restart_policy=request.restart_policy,
        )

        async def create(livekit: LiveKitAPI) -> DispatchView:
            return _view(await livekit.agent_dispatch.create_dispatch(dispatch))

        return self._run(call, create)

    def find(self, call: Call, dispatch_id: str | None) -> list[DispatchView]:
        """List the dispatches of a room, or the one with that id; a room that is gone has none.

        ListDispatch of a missing room is a 503 after 3 s, like a failure: the room is looked up first.

        Raises:
            LiveKitFailed: LiveKit does not answer.
        """
        room = call.room_name or ""

        async def list_existing(livekit: LiveKitAPI) -> list[DispatchView]:
            if not await _is_there(livekit, room):
                return []
            found = await livekit.agent_dispatch.list_dispatch(room)
            return [_view(one) for one in found if one.agent_name and dispatch_id in (None, one.id)]

        return self._run(call, list_existing)

    def delete(self, call: Call, dispatch_id: str) -> DispatchView:
        """Remove an agent.

        Raises:
            NotFound: the room has no such dispatch, or is gone.
            LiveKitFailed: it may or may not have been removed.
        """
        room = call.room_name or ""

        async def delete_existing(livekit: LiveKitAPI) -> DispatchView | None:
            if not await _is_there(livekit, room):
                return None
            return _view(await livekit.agent_dispatch.delete_dispatch(dispatch_id, room))

        deleted = self._run(call, delete_existing)
        if deleted is None:
            raise NotFound("Dispatch not found")
        return deleted

    def _run(self, call: Call, ask: Callable[[LiveKitAPI], Awaitable[_T]]) -> _T:
        return asyncio.run(_ask(self.credentials_for(call), ask))


async def _is_there(livekit: LiveKitAPI, room: str) -> bool:
    return bool((await livekit.room.list_rooms(ListRoomsRequest(names=[room]))).rooms)


async def _ask(credentials: LiveKitCredentials, ask: Callable[[LiveKitAPI], Awaitable[_T]]) -> _T:
    key, secret = credentials.api_key, credentials.api_secret
    try:
        async with open_session_for(credentials) as session:
            livekit = LiveKitAPI(credentials.url, key, secret, session=session, failover=False)
            return await confirmed(ask(livekit))
    except LiveKitUnavailable as error:
        if error.code == TwirpErrorCode.NOT_FOUND:
            raise NotFound("Dispatch not found") from error
        raise LiveKitFailed from error


def _view(dispatch: AgentDispatch) -> DispatchView:
    state: AgentDispatchState = dispatch.state
    return {
        "id": dispatch.id,
        "agent_name": dispatch.agent_name,
        "room": dispatch.room,
        "metadata": dispatch.metadata,
        "state": {
            "jobs": [_job(job) for job in state.jobs],
            "created_at": _seconds(state.created_at),
            "deleted_at": _seconds(state.deleted_at),
        },
        "restart_policy": JobRestartPolicy.Name(dispatch.restart_policy),
    }


def _job(job: Job) -> JobView:
    shown = MessageToDict(job, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return {
        "id": job.id,
        "dispatch_id": job.dispatch_id,
        "type": shown["type"],
        "room": _plain(shown.get("room")),
        "participant": _plain(shown.get("participant")),
        "metadata": job.metadata,
        "agent_name": job.agent_name,
        "state": _job_state(job.state),
        "enable_recording": job.enable_recording,
    }


def _job_state(state: JobState) -> JobStateView:
    shown = MessageToDict(state, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return {
        "status": shown["status"],
        "error": state.error,
        "started_at": _seconds(state.started_at),
        "ended_at": _seconds(state.ended_at),
        "updated_at": _seconds(state.updated_at),
        "participant_identity": state.participant_identity,
        "worker_id": state.worker_id,
        "agent_id": state.agent_id,
    }


def _plain(message: dict[str, Any] | None) -> dict[str, Any] | None:
    """Convert a nested LiveKit object: without credentials, and with int64 fields as numbers."""
    if not message:
        return None
    shown = {name: value for name, value in message.items() if not _CREDENTIAL.search(name)}
    return {name: int(value) if _is_int64(name, value) else value for name, value in shown.items()}


def _is_int64(name: str, value: Any) -> bool:
    return isinstance(value, str) and value.isdigit() and (name.endswith(("_time", "_at", "_ms", "_time_ms")))


def _seconds(moment: int) -> int:
    return moment // 10**9 if moment >= _NANOSECONDS_FROM else moment
