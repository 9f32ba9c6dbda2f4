"""Makes a phone call of what a client wishes: its place in the line, its window, its deadline."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

from trunkline.agents.models import Agent
from trunkline.auth.principal import Principal
from trunkline.calls.calling_policy import CallingWindow, RedialPolicy
from trunkline.calls.calling_policy_schemas import resolved_window
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.states import State
from trunkline.calls.value_objects import AgentSnapshot, HandoffAgent, WaitsFor, WorkflowRef
from trunkline.core.errors import InvalidRequest
from trunkline.core.field_types import SPEED_MESSAGE
from trunkline.core.timestamps import moment_ms

_HOUR_MS = 3_600_000
_MAX_EXPIRY_MS = 14 * 24 * _HOUR_MS
_MAX_AHEAD_MS = 366 * 24 * _HOUR_MS
CLOCKS_DIFFER_MS = 60_000
EARLIEST_MESSAGE = "must be an ISO 8601 time with its offset, not in the past, at most a year ahead"
LATEST_MESSAGE = "must be an ISO 8601 time with its offset, after earliestAt, at most 14 days after it"
EXPIRY_MESSAGE = "must be an ISO 8601 time with its offset, in the future, at most 14 days ahead"


@dataclass(frozen=True)
class CallContext:
    """What a call carries along: whose it is and what it is about."""

    metadata: dict[str, Any]
    source: str
    workflow: WorkflowRef | None = None
    colleagues: tuple[HandoffAgent, ...] = ()
    user_id: str | None = None


@dataclass(frozen=True)
class PhoneCallRequest:
    """A phone call as it is wished for; `camel` says how its client writes the names of fields.

    `window` without zones counts in the callee's. `earliest_at` of a scheduled call is when it may ring
    first; `expires_name` is what its client calls the deadline, `default_zone` where a callee is taken to be
    of whose number that is not known.
    """

    agent: Agent
    phone_number: str
    caller_id: str
    priority: int
    redial: RedialPolicy
    window: CallingWindow | None
    expires_at: str | None
    story: CallContext = field(repr=False)
    camel: bool = False
    speed: float | None = None
    earliest_at: str | None = None
    expires_name: str = "expires_at"
    default_zone: str | None = None

    def named(self, name: str) -> str:
        """A field as the client calls it."""
        return to_camel(name) if self.camel else name


def new_phone_call(principal: Principal, wish: PhoneCallRequest, now_ms: int) -> Call:
    """Make the call, in the line or outside its window.

    Raises:
        InvalidRequest: the deadline is none, or the window does not open before it.
    """
    call_id = str(uuid.uuid4())
    require_test_for_speed(principal, wish.speed, wish.named("test_speed"))
    window = resolved_window(wish.window, wish.phone_number, wish.default_zone)
    earliest_ms = _earliest(wish, now_ms)
    begins_ms = max(now_ms, earliest_ms or 0)
    is_held = is_zone_unknown(window)
    opens_ms = None if is_held else first_open_ms(window, begins_ms, wish.named("calling_window"))
    expires_ms = _expiry(wish, opens_ms or (begins_ms if is_held else None), begins_ms, now_ms)
    due_ms = earliest_start_ms(expires_ms) if is_held else max(begins_ms, opens_ms or 0)
    is_scheduled = begins_ms > now_ms
    place = QueuePosition(principal.tenant_id, wish.priority, False, now_ms * 1000, call_id)
    return Call(
        id=call_id,
        tenant_id=principal.tenant_id,
        livemode=principal.livemode,
        state=State.SCHEDULED if is_scheduled else State.QUEUED,
        version=1,
        sequence=1,
        created_at_ms=now_ms,
        expires_at_ms=expires_ms,
        agent=snapshot(wish.agent),
        trunk_id=wish.agent.trunk_id or "",
        phone_number=wish.phone_number,
        caller_id=wish.caller_id,
        priority=wish.priority,
        metadata_json=json.dumps(wish.story.metadata),
        source=wish.story.source,
        workflow=wish.story.workflow,
        handoff_agents=wish.story.colleagues,
        user_id=wish.story.user_id,
        queue_position=place.key,
        redial=wish.redial,
        window=window,
        earliest_at_ms=earliest_ms,
        due_ms=due_ms if due_ms > now_ms else None,
        waits_for=WaitsFor.ZONE if is_held else _waits_for(is_scheduled=is_scheduled, waits=due_ms > now_ms),
        speed=wish.speed,
    )


def is_zone_unknown(window: CallingWindow | None) -> bool:
    """Say whether nobody knows in which zones a call's window is: it is held."""
    return window is not None and not window.zones


def earliest_start_ms(expires_ms: int) -> int:
    """When a call that waits for its owner's word would come due: after its end, so never by itself."""
    return expires_ms + 24 * _HOUR_MS


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


def _waits_for(*, is_scheduled: bool, waits: bool) -> WaitsFor | None:
    if is_scheduled:
        return WaitsFor.SCHEDULE
    return WaitsFor.WINDOW if waits else None


def _earliest(wish: PhoneCallRequest, now_ms: int) -> int | None:
    return (
        None if wish.earliest_at is None else earliest_ms(wish.earliest_at, wish.named("earliest_at"), now_ms)
    )


def earliest_ms(text: str, field: str, now_ms: int) -> int:
    """When a scheduled call may ring first: not in the past, but for what clocks differ by.

    Raises:
        InvalidRequest: it is in the past, or too far ahead.
    """
    moment = moment_ms(text)
    if not now_ms - CLOCKS_DIFFER_MS <= moment <= now_ms + _MAX_AHEAD_MS:
        raise InvalidRequest(f"Validation error: {field} {EARLIEST_MESSAGE}", field=field)
    return moment


def first_open_ms(window: CallingWindow | None, from_ms: int, field: str) -> int | None:
    """When a call may ring first from a moment on; None without a window.

    Raises:
        InvalidRequest: the window is never open in all of the number's zones.
    """
    if window is None:
        return None
    opens_ms = window.opens_ms(from_ms)
    if opens_ms is None:
        zones = ", ".join(window.zones)
        raise InvalidRequest(
            f"The calling window is never open in all of the number's time zones ({zones})", field=field
        )
    return opens_ms


def _expiry(wish: PhoneCallRequest, opens_ms: int | None, begins_ms: int, now_ms: int) -> int:
    name = wish.named(wish.expires_name)
    if wish.expires_at is not None:
        return deadline_ms(wish.expires_at, name, opens_ms, begins_ms, now_ms)
    if opens_ms is None and wish.redial.max_attempts == 1:
        return begins_ms + _HOUR_MS
    return max(begins_ms + 24 * _HOUR_MS, (opens_ms or 0) + _HOUR_MS)


def deadline_ms(text: str, field: str, opens_ms: int | None, begins_ms: int, now_ms: int) -> int:
    """After when no attempt begins: later than the first that may, and at most 14 days after it.

    Raises:
        InvalidRequest: it is not.
    """
    expires_ms = moment_ms(text)
    if not max(now_ms, begins_ms) < expires_ms <= begins_ms + _MAX_EXPIRY_MS:
        message = EXPIRY_MESSAGE if begins_ms <= now_ms else LATEST_MESSAGE
        raise InvalidRequest(f"Validation error: {field} {message}", field=field)
    if opens_ms and opens_ms >= expires_ms:
        raise InvalidRequest(f"The calling window opens only after {field}", field=field)
    return expires_ms
