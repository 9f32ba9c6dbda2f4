"""Agent dispatches of a call's room, through LiveKit's AgentDispatchService.

Source: https://docs.livekit.io/reference/other/agent-dispatch-api/ (types and fields); times are whole
seconds as that document says, even if the server sends nanoseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToDict
from livekit.api import LiveKitAPI, ServerError
from livekit.api.twirp_client import TwirpErrorCode
from livekit.protocol.agent import Job, JobState
from livekit.protocol.agent_dispatch import (
    AgentDispatch,
    AgentDispatchState,
    CreateAgentDispatchRequest,
    JobRestartPolicy,
)
from livekit.protocol.room import ListRoomsRequest

from trunkline.core.errors import LiveKitFailed, NotFound
from trunkline.livekit.client import NO_RESPONSE_ERRORS, open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.dispatch_schemas import DispatchView, JobStateView, JobView, NewDispatch

_T = TypeVar("_T")
_NANOSECONDS_FROM = 10**14
"""Larger than any present time in seconds, milliseconds or microseconds, smaller than any in nanoseconds."""


def create(credentials: LiveKitCredentials, room: str, agent_name: str, wish: NewDispatch) -> DispatchView:
    """Dispatch an agent; not idempotent: a repeat adds another one.

    Raises:
        LiveKitFailed: the agent may or may not have been dispatched.
    """
    request = CreateAgentDispatchRequest(
        agent_name=agent_name,
        room=room,
        metadata=wish.metadata,
        restart_policy=wish.restart_policy,
    )
    return _view(_run(credentials, lambda livekit: livekit.agent_dispatch.create_dispatch(request)))


def found(credentials: LiveKitCredentials, room: str, dispatch_id: str | None) -> list[DispatchView]:
    """List the dispatches of a room, or the one of that id; a missing room has none.

    Raises:
        LiveKitFailed: LiveKit does not answer.
    """
    # ListDispatch of a missing room answers 503 after 3 s, like a failure, so the room is looked up first.

    async def listed_there(livekit: LiveKitAPI) -> list[AgentDispatch]:
        return (
            list(await livekit.agent_dispatch.list_dispatch(room)) if await _is_there(livekit, room) else []
        )

    listed = _run(credentials, listed_there)
    return [
        _view(dispatch) for dispatch in listed if dispatch.agent_name and dispatch_id in (None, dispatch.id)
    ]


def delete(credentials: LiveKitCredentials, room: str, dispatch_id: str) -> DispatchView:
    """Delete a dispatch, which removes its agent.

    Raises:
        NotFound: the room or the dispatch does not exist.
        LiveKitFailed: the dispatch may or may not have been deleted.
    """

    async def deleted_there(livekit: LiveKitAPI) -> AgentDispatch:
        if not await _is_there(livekit, room):
            raise NotFound("Dispatch not found")
        return await livekit.agent_dispatch.delete_dispatch(dispatch_id, room)

    return _view(_run(credentials, deleted_there))


async def _is_there(livekit: LiveKitAPI, room: str) -> bool:
    return bool((await livekit.room.list_rooms(ListRoomsRequest(names=[room]))).rooms)


def _run(credentials: LiveKitCredentials, ask: Callable[[LiveKitAPI], Awaitable[_T]]) -> _T:
    return asyncio.run(_ask(credentials, ask))


async def _ask(credentials: LiveKitCredentials, ask: Callable[[LiveKitAPI], Awaitable[_T]]) -> _T:
    key, secret = credentials.api_key, credentials.api_secret
    try:
        async with open_session_for(credentials) as session:
            return await ask(LiveKitAPI(credentials.url, key, secret, session=session, failover=False))
    except ServerError as error:
        if error.code == TwirpErrorCode.NOT_FOUND:
            raise NotFound("Dispatch not found") from error
        raise LiveKitFailed from error
    except NO_RESPONSE_ERRORS as error:
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
    """Convert a nested LiveKit object; int64 fields become numbers instead of strings."""
    if not message:
        return None
    return {name: int(value) if _is_int64(name, value) else value for name, value in message.items()}


def _is_int64(name: str, value: Any) -> bool:
    return isinstance(value, str) and value.isdigit() and (name.endswith(("_time", "_at", "_ms", "_time_ms")))


def _seconds(moment: int) -> int:
    return moment // 10**9 if moment >= _NANOSECONDS_FROM else moment
