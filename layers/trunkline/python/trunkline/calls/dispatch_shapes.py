"""Agent dispatches as they are shown: the types of LiveKit's AgentDispatchService document. Pure."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict


class JobStateView(TypedDict):
    """Times are Unix seconds; zero: not yet."""

    status: str
    error: str
    started_at: int
    ended_at: int
    updated_at: int
    participant_identity: str
    worker_id: str
    agent_id: str


class JobView(TypedDict):
    """One agent job; `room` and `participant` are LiveKit's own objects."""

    id: str
    dispatch_id: str
    type: str
    room: dict[str, Any] | None
    participant: dict[str, Any] | None
    metadata: str
    agent_name: str
    state: JobStateView
    enable_recording: bool


class DispatchStateView(TypedDict):
    jobs: list[JobView]
    created_at: int
    deleted_at: int


class DispatchView(TypedDict):
    """LiveKit's AgentDispatch."""

    id: str
    agent_name: str
    room: str
    metadata: str
    state: DispatchStateView
    restart_policy: str


class DispatchList(TypedDict):
    """LiveKit's ListAgentDispatchResponse."""

    agent_dispatches: list[DispatchView]
