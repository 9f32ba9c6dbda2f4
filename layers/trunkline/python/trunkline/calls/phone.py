"""Makes a phone call of what a client wishes: its place in the line, its window, its deadline."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

from trunkline.calls.call_input import SPEED_MESSAGE
from trunkline.calls.model import Call
from trunkline.calls.parts import AgentSnapshot, Colleague, WaitsFor, WorkflowRef
from trunkline.calls.policy import CallingWindow, RedialPolicy
from trunkline.calls.policy_input import resolved_window
from trunkline.calls.states import State
from trunkline.dialing.places import Place
from trunkline.errors import InvalidRequest
from trunkline.tenants.agents import Agent
from trunkline.tenants.keys import Principal
from trunkline.times import moment_ms

_HOUR_MS = 3_600_000
_MAX_EXPIRY_MS = 14 * 24 * _HOUR_MS
EXPIRY_MESSAGE = "must be an ISO 8601 time with its offset, in the future, at most 14 days ahead"


@dataclass(frozen=True)
class Story:
    """What a call carries along: whose it is and what it is about."""

    metadata: dict[str, Any]
    source: str
    workflow: WorkflowRef | None = None
    colleagues: tuple[Colleague, ...] = ()
    user_id: str | None = None


@dataclass(frozen=True)
class PhoneWish:
    """A phone call as it is wished for; `camel` says how its client writes the names of fields.

    `window` without zones counts in the callee's.
    """

    agent: Agent
    phone_number: str
    caller_id: str
    priority: int
    redial: RedialPolicy
    window: CallingWindow | None
    expires_at: str | None
    story: Story = field(repr=False)
    camel: bool = False
    speed: float | None = None

    def named(self, name: str) -> str:
        """A field as the client calls it."""
        return to_camel(name) if self.camel else name


def new_phone_call(principal: Principal, wish: PhoneWish, now_ms: int) -> Call:
    """Make the call, in the line or outside its window.

    Raises:
        InvalidRequest: the deadline is none, or the window does not open before it.
    """
    call_id = str(uuid.uuid4())
    require_test_for_speed(principal, wish.speed, wish.named("test_speed"))
    window = resolved_window(wish.window, wish.phone_number, wish.named("calling_window"))
    opens_ms = _opens(window, wish, now_ms)
    waits = opens_ms is not None and opens_ms > now_ms
    place = Place(principal.tenant_id, wish.priority, False, now_ms * 1000, call_id)
    return Call(
        id=call_id,
        tenant_id=principal.tenant_id,
        livemode=principal.livemode,
        state=State.QUEUED,
        version=1,
        sequence=1,
        created_at_ms=now_ms,
        expires_at_ms=_expiry(wish, opens_ms, now_ms),
        agent=snapshot(wish.agent),
        trunk_id=wish.agent.trunk_id or "",
        phone_number=wish.phone_number,
        caller_id=wish.caller_id,
        priority=wish.priority,
        metadata_json=json.dumps(wish.story.metadata),
        source=wish.story.source,
        workflow=wish.story.workflow,
        colleagues=wish.story.colleagues,
        user_id=wish.story.user_id,
        line_place=place.key,
        redial=wish.redial,
        window=window,
        due_ms=opens_ms if waits else None,
        waits_for=WaitsFor.WINDOW if waits else None,
        speed=wish.speed,
    )


def require_test_for_speed(principal: Principal, speed: float | None, field: str) -> None:
    """Raise `InvalidRequest` where a live call is to go faster than life."""
    if speed is not None and principal.livemode:
        raise InvalidRequest(f"Validation error: {field} {SPEED_MESSAGE}", field=field)


def snapshot(agent: Agent) -> AgentSnapshot:
    """The agent as a call keeps it."""
    return AgentSnapshot(
        id=agent.id,
        name=agent.name,
        type=agent.type,
        livekit_agent_name=agent.livekit_agent_name,
        wait_for_agent=agent.wait_for_agent,
        agent_join_timeout_s=agent.agent_join_timeout_s,
        ring_timeout_s=agent.ring_timeout_s,
        max_call_duration_s=agent.max_call_duration_s,
        version=agent.version,
        agent_lost=agent.agent_lost,
        tools=agent.tools,
    )


def _opens(window: CallingWindow | None, wish: PhoneWish, now_ms: int) -> int | None:
    """When a call may ring first; None without a window."""
    if window is None:
        return None
    opens_ms = window.opens_ms(now_ms)
    if opens_ms is None:
        zones = ", ".join(window.zones)
        raise InvalidRequest(
            f"The calling window is never open in all of the number's time zones ({zones})",
            field=wish.named("calling_window"),
        )
    return opens_ms


def _expiry(wish: PhoneWish, opens_ms: int | None, now_ms: int) -> int:
    name = wish.named("expires_at")
    if wish.expires_at is not None:
        expires_ms = moment_ms(wish.expires_at)
        if not now_ms < expires_ms <= now_ms + _MAX_EXPIRY_MS:
            raise InvalidRequest(f"Validation error: {name} {EXPIRY_MESSAGE}", field=name)
        if opens_ms and opens_ms >= expires_ms:
            raise InvalidRequest(f"The calling window opens only after {name}", field=name)
        return expires_ms
    if opens_ms is None and wish.redial.max_attempts == 1:
        return now_ms + _HOUR_MS
    return max(now_ms + 24 * _HOUR_MS, (opens_ms or 0) + _HOUR_MS)
