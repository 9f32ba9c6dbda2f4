"""The stored call, and the change that one transaction makes to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trunkline.calls.calling_policy import NO_REDIAL, RedialPolicy
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, Phase, State
from trunkline.calls.value_objects import (
    AgentSnapshot,
    AgentTurn,
    AttemptRecord,
    BatchRow,
    Channel,
    Ending,
    HandoffAgent,
    WaitsFor,
    WorkflowRef,
)
from trunkline.core.trace_context import trace_id_of_call
from trunkline.storage.keys.tenants import tenant_mode_of

HARD_END_MARGIN_MS = 60_000
"""Added to the time after which LiveKit itself cuts a leg."""

RECONCILER_REACH_MS = 75_000
"""Longer than the interval between two passes of the reconciler. What comes sooner than this is checked by a
delayed message."""

_AFTER_ANSWER = {State.ACTIVE, State.COMPLETED, State.DISCONNECTED}

WEB_LANES = tuple(f"web-{digit}" for digit in "0123456789abcdef")
"""Partitions of the entries of live web calls: sixteen, so that none gets hot."""


class StaleCall(Exception):
    """The call changed since it was read: read it again and repeat the decision."""


@dataclass(frozen=True)
class Call:
    """One attempt to connect a person and an agent.

    A web call has no trunk, number, place in a line or claim: its room is `call-<id>` from the first,
    and `expires_at_ms` is when its join window ends.

    `version` is raised by every write that can change a decision (state, claim, phase, owner, kept
    ending); a write is conditional on the version it was decided on. Ids that become known on the
    way (`sip_participant_id`, `sip_call_id`) are written without raising it. `ttl` is when, in seconds,
    the tenant's retention ends; everything that belongs to the call carries it. `slots` names the pools
    of which the current claim holds a slot (rule 15), `due_ms` the moment a call outside the line
    waits for, `earliest_at_ms` when a scheduled call was wished for, `handover_at_ms` when an agent was
    sent in to take over that has not come yet, `agent_left_at_ms` when the last one left by itself.
    `answer_reported_at_ms` is when the agent said that the callee answered, while a dial still waited.
    `detail` is the carrier's or LiveKit's text about the last INVITE, beside `sip_status_code`.
    `end_unconfirmed` marks an end that LiveKit did not tell: when it was, is not known. `hang_up_pending`
    marks an ended call whose leg, or room of a web call, may still have to be removed. `livekit_tenant_id`
    says whose own LiveKit a web call's room is in, `speed` how many times as fast as life a test call is
    simulated.
    """

    id: str
    tenant_id: str
    livemode: bool
    state: State
    version: int
    sequence: int
    created_at_ms: int
    expires_at_ms: int
    agent: AgentSnapshot
    trunk_id: str
    phone_number: str
    caller_id: str
    priority: int
    metadata_json: str
    source: str
    queue_position: str
    channel: Channel = Channel.PHONE
    workflow: WorkflowRef | None = None
    handoff_agents: tuple[HandoffAgent, ...] = ()
    user_id: str | None = None
    caller_joined_at_ms: int | None = None
    agent_joined_at_ms: int | None = None
    agent_turns: tuple[AgentTurn, ...] = ()
    answering_machine: str | None = None
    agent_metrics_json: str | None = None
    agent_end_reason: str | None = None
    redispatched_at_ms: int | None = None
    handover_at_ms: int | None = None
    agent_lost_at_ms: int | None = None
    agent_left_at_ms: int | None = None
    erased_at_ms: int | None = None
    ttl: int | None = None
    batch_row: BatchRow | None = None
    redial: RedialPolicy = NO_REDIAL
    window: CallingWindow | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    earliest_at_ms: int | None = None
    due_ms: int | None = None
    waits_for: WaitsFor | None = None
    slots: tuple[str, ...] = ()
    claim: int = 0
    phase: Phase | None = None
    owner: str | None = None
    intent: str | None = None
    token_expires_at_ms: int | None = None
    pending_ending: Ending | None = None
    cancel_requested_at_ms: int | None = None
    room_name: str | None = None
    dispatch_id: str | None = None
    agent_job_id: str | None = None
    sip_participant_id: str | None = None
    sip_call_id: str | None = None
    sip_status_code: int | None = None
    detail: str | None = None
    reason: Reason | None = None
    claimed_at_ms: int | None = None
    connecting_at_ms: int | None = None
    answer_reported_at_ms: int | None = None
    answered_at_ms: int | None = None
    ended_at_ms: int | None = None
    end_unconfirmed: bool | None = None
    hang_up_pending: bool | None = None
    summary: str | None = None
    speed: float | None = None
    livekit_tenant_id: str | None = None
    client_trace_id: str | None = None

    @property
    def trace_id(self) -> str:
        """Return the trace of the request that created the call, or the call's own."""
        return self.client_trace_id or trace_id_of_call(self.id)

    @property
    def test_speed(self) -> float:
        """Return how many times faster than real time a test call is simulated."""
        return 1.0 if self.livemode or self.speed is None else self.speed

    @property
    def tenant_mode(self) -> str:
        """Return the tenant and mode that it belongs to."""
        return tenant_mode_of(self.tenant_id, self.livemode)

    @property
    def is_batch(self) -> bool:
        return self.batch_row is not None

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def may_have_leg_left(self) -> bool:
        """Tell whether a leg, or people in the room, may be left of a call that has ended."""
        return self.is_terminal and bool(self.hang_up_pending or self.slots)

    @property
    def attempt_number(self) -> int:
        """Return the number of the present attempt, or of the last one of a call that has ended."""
        return max(1, len(self.attempts) + (0 if self.is_terminal else 1))

    @property
    def is_waiting(self) -> bool:
        """Tell whether the call is queued or scheduled and not claimed."""
        return self.state in (State.QUEUED, State.SCHEDULED) and self.phase is None

    @property
    def attempts_made(self) -> int:
        """Count the attempts that are over, without the INVITEs whose pace the carrier refused."""
        return sum(not record.returned for record in self.attempts)

    @property
    def lane(self) -> str:
        """Return the partition of its entries: its trunk, or one of sixteen of web calls."""
        return self.trunk_id or f"web-{self.id[0]}"

    @property
    def duration_s(self) -> int | None:
        """Return whole seconds from the answer to the end: 0 for an unanswered call, None if not known."""
        if self.ended_at_ms is None or self.end_unconfirmed:
            return None
        if self.answered_at_ms is None:
            return None if self.was_answered else 0
        return (self.ended_at_ms - self.answered_at_ms) // 1000

    @property
    def was_answered(self) -> bool:
        """Say whether the person was there, also where it is not known since when."""
        return self.answered_at_ms is not None or self.state in _AFTER_ANSWER

    def has_reached_limit(self, at_ms: int) -> bool:
        """Say whether the talk had lasted for `max_call_duration_s` at a time."""
        if self.limit_ends_ms is None:
            return False
        return at_ms >= self.limit_ends_ms

    @property
    def limit_ends_ms(self) -> int | None:
        """Return when the talk reaches its limit; None before an answer whose time is known."""
        if self.answered_at_ms is None:
            return None
        return self.answered_at_ms + self.agent.max_call_duration_s * 1000

    @property
    def hard_end_ms(self) -> int | None:
        """Return when no leg of the present claim can be left, whatever LiveKit says; None unsent."""
        if self.connecting_at_ms is None:
            return None
        return self.connecting_at_ms + self.agent.max_leg_s * 1000 + HARD_END_MARGIN_MS

    @property
    def latest_end_ms(self) -> int:
        """Return when the call ends at the latest: its tenant's retention counts from then."""
        return self.expires_at_ms + self.agent.max_call_duration_s * 1000


@dataclass(frozen=True)
class NewEvent:
    """A new timeline entry, written in the transaction that makes it true."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """The result of one transition: the changed call and its new timeline entries.

    Its queue entry and slots follow from the old and the new call; `limits` bounds the pools whose slots
    it takes.
    """

    call: Call
    events: tuple[NewEvent, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)

    def merge(self, next_change: Change) -> Change:
        """Append a change that was decided on this one's result, so that both are one write."""
        return replace(next_change, events=self.events + next_change.events)
