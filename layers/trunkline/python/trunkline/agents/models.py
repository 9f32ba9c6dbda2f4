"""Agent definitions as they are stored."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from trunkline.calls.calling_policy import NO_REDIAL, RedialPolicy
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.value_objects import AgentLost

_AGENT_NAMESPACE = uuid.UUID("0f5c8cf8-0ad8-4f0b-9a43-5f2d3f9f5c11")


@dataclass(frozen=True)
class Agent:
    """A LiveKit agent as a tenant knows it: the worker to dispatch, and how its calls are dialled."""

    id: str
    tenant_id: str
    name: str
    type: str
    status: str
    livekit_agent_name: str
    trunk_id: str | None
    phone_numbers: tuple[str, ...]
    wait_for_agent: bool
    agent_join_timeout_s: int
    ring_timeout_s: int
    max_call_duration_s: int
    redial: RedialPolicy = NO_REDIAL
    window: CallingWindow | None = None
    agent_lost: AgentLost = AgentLost.HANG_UP
    tools: tuple[str, ...] = ()
    version: int = field(default=1, compare=False)


def agent_id_for(tenant_id: str, name: str) -> str:
    """Return the id of a tenant's agent: names are unique in a tenant, so creating is idempotent."""
    return str(uuid.uuid5(_AGENT_NAMESPACE, f"{tenant_id}\n{name}"))
