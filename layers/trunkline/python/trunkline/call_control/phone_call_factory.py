"""Factory of phone calls: position in the queue, calling window and deadline of a requested call."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from trunkline.agents.models import Agent
from trunkline.auth.principal import Principal
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.calling_policy_schemas import (
    EARLIEST_MESSAGE,
    EXPIRY_MESSAGE,
    LATEST_MESSAGE,
    resolved_window,
)
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.states import State
from trunkline.calls.value_objects import AgentSnapshot, HandoffAgent, WaitsFor, WorkflowRef
from trunkline.core.errors import InvalidRequest
from trunkline.core.field_types import SPEED_MESSAGE
from trunkline.core.json_text import json_text
from trunkline.core.timestamps import moment_ms

_HOUR_MS = 3_600_000
_MAX_EXPIRY_MS = 14 * 24 * _HOUR_MS
_MAX_AHEAD_MS = 366 * 24 * _HOUR_MS
CLOCKS_DIFFER_MS = 60_000


@dataclass(frozen=True)
class FieldNames:
    """Names of a request's fields in errors, in the spelling of its route."""

    test_speed: str
    calling_window: str
    earliest_at: str
    expires_at: str


OUTBOUND_FIELDS = FieldNames("testSpeed", "callingWindow", "earliestAt", "expiresAt")
SCHEDULED_FIELDS = FieldNames("testSpeed", "callingWindow", "earliestAt", "latestAt")
WORKFLOW_FIELDS = FieldNames("test_speed", "calling_window", "earliest_at", "expires_at")


@dataclass(frozen=True)
class NewPhoneCall:
    """A requested phone call, before its times are computed.

    A `window` without zones applies in the callee's time zones; `default_zone` is used if the number has
    none. A scheduled call does not ring before `earliest_at`.
    """

    agent: Agent
    phone_number: str
    caller_id: str
    priority: int
    redial: RedialPolicy
    window: CallingWindow | None
    default_zone: str | None
    earliest_at: str | None
    expires_at: str | None
    speed: float | None
    metadata: dict[str, Any] = field(repr=False)
    source: str
    workflow: WorkflowRef | None
    handoff_agents: tuple[HandoffAgent, ...]
    user_id: str | None
    field_names: FieldNames


def new_phone_call(principal: Principal, new_call: NewPhoneCall, now_ms: int) -> Call:
    """Build the call: queued, scheduled or waiting for its calling window.

    Raises:
        InvalidRequest: the deadline is out of range, or the window does not open before it.
    """
    call_id, names = str(uuid.uuid4()), new_call.field_names
    require_test_for_speed(principal, new_call.speed, names.test_speed)
    window = resolved_window(new_call.window, new_call.phone_number, new_call.default_zone)
    first_ms = _earliest_or_none(new_call, now_ms)
    begins_ms = max(now_ms, first_ms or 0)
    is_held = is_zone_unknown(window)
    opens_ms = None if is_held else first_open_ms(window, begins_ms, names.calling_window)
    expires_ms = _expiry(new_call, opens_ms or (begins_ms if is_held else None), begins_ms, now_ms)
    due_ms = earliest_start_ms(expires_ms) if is_held else max(begins_ms, opens_ms or 0)
    is_scheduled = begins_ms > now_ms
    position = QueuePosition(principal.tenant_id, new_call.priority, False, now_ms * 1000, call_id)
    return Call(
        id=call_id,
        tenant_id=principal.tenant_id,
        livemode=principal.livemode,
        state=State.SCHEDULED if is_scheduled else State.QUEUED,
        version=1,
        sequence=1,
        created_at_ms=now_ms,
        expires_at_ms=expires_ms,
        agent=snapshot(new_call.agent),
        trunk_id=new_call.agent.trunk_id or "",
        phone_number=new_call.phone_number,
        caller_id=new_call.caller_id,
        priority=new_call.priority,
        metadata_json=json_text(new_call.metadata),
        source=new_call.source,
        workflow=new_call.workflow,
        handoff_agents=new_call.handoff_agents,
        user_id=new_call.user_id,
        queue_position=position.key,
        redial=new_call.redial,
        window=window,
        earliest_at_ms=first_ms,
        due_ms=due_ms if due_ms > now_ms else None,
        waits_for=WaitsFor.ZONE if is_held else _waits_for(is_scheduled=is_scheduled, waits=due_ms > now_ms),
        speed=new_call.speed,
        client_trace_id=principal.actor.trace_id or None,
    )


def is_zone_unknown(window: CallingWindow | None) -> bool:
    """Tell whether a window has no known time zone; then its call is held."""
    return window is not None and not window.zones


def earliest_start_ms(expires_ms: int) -> int:
    """Return the due time of a held call: after its expiry, so it never becomes due by itself."""
    return expires_ms + 24 * _HOUR_MS


def require_test_for_speed(principal: Principal, speed: float | None, field: str) -> None:
    """Raise `InvalidRequest` if a live call has a test speed."""
    if speed is not None and principal.livemode:
        raise InvalidRequest(f"Validation error: {field} {SPEED_MESSAGE}", field=field)


def snapshot(agent: Agent) -> AgentSnapshot:
    """Copy the agent's settings into a call."""
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


def _earliest_or_none(new_call: NewPhoneCall, now_ms: int) -> int | None:
    if new_call.earliest_at is None:
        return None
    return earliest_ms(new_call.earliest_at, new_call.field_names.earliest_at, now_ms)


def earliest_ms(text: str, field: str, now_ms: int) -> int:
    """Parse the earliest time of a scheduled call; clocks may differ by `CLOCKS_DIFFER_MS`.

    Raises:
        InvalidRequest: it is in the past, or too far ahead.
    """
    moment = moment_ms(text)
    if not now_ms - CLOCKS_DIFFER_MS <= moment <= now_ms + _MAX_AHEAD_MS:
        raise InvalidRequest(f"Validation error: {field} {EARLIEST_MESSAGE}", field=field)
    return moment


def first_open_ms(window: CallingWindow | None, from_ms: int, field: str) -> int | None:
    """Return the first time from `from_ms` on at which the window is open; None without a window.

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


def _expiry(new_call: NewPhoneCall, opens_ms: int | None, begins_ms: int, now_ms: int) -> int:
    name = new_call.field_names.expires_at
    if new_call.expires_at is not None:
        return deadline_ms(new_call.expires_at, name, opens_ms, begins_ms, now_ms)
    if opens_ms is None and new_call.redial.max_attempts == 1:
        return begins_ms + _HOUR_MS
    return max(begins_ms + 24 * _HOUR_MS, (opens_ms or 0) + _HOUR_MS)


def deadline_ms(text: str, field: str, opens_ms: int | None, begins_ms: int, now_ms: int) -> int:
    """Parse the deadline: after the earliest attempt, and at most 14 days after it.

    Raises:
        InvalidRequest: it is out of that range, or the window opens after it.
    """
    expires_ms = moment_ms(text)
    if not max(now_ms, begins_ms) < expires_ms <= begins_ms + _MAX_EXPIRY_MS:
        message = EXPIRY_MESSAGE if begins_ms <= now_ms else LATEST_MESSAGE
        raise InvalidRequest(f"Validation error: {field} {message}", field=field)
    if opens_ms and opens_ms >= expires_ms:
        raise InvalidRequest(f"The calling window opens only after {field}", field=field)
    return expires_ms
