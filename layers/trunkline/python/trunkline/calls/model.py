"""A call as it is stored, and what one transaction does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, Phase, State


class StaleCall(Exception):
    """The call changed since it was read: read it again and decide anew."""


@dataclass(frozen=True)
class AgentSnapshot:
    """The agent as it was when the call was accepted; later edits do not reach a call."""

    id: str
    name: str
    type: str
    livekit_agent_name: str
    wait_for_agent: bool
    agent_join_timeout_s: int
    ring_timeout_s: int
    max_call_duration_s: int


@dataclass(frozen=True)
class Ending:
    """How a leg ended: the state it leads to, and why."""

    state: State
    reason: Reason


@dataclass(frozen=True)
class Call:
    """One attempt to connect a person and an agent.

    `version` is raised by every write that can change a decision (state, claim, phase, owner, kept
    ending); a write is conditional on the version it was decided on. Ids that become known on the
    way (`sip_participant_id`, `sip_call_id`) are written without raising it.
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
    line_place: str
    claim: int = 0
    phase: Phase | None = None
    owner: str | None = None
    intent: str | None = None
    dead_after_ms: int | None = None
    kept_ending: Ending | None = None
    cancel_requested_at_ms: int | None = None
    room_name: str | None = None
    dispatch_id: str | None = None
    agent_job_id: str | None = None
    sip_participant_id: str | None = None
    sip_call_id: str | None = None
    sip_status_code: int | None = None
    reason: Reason | None = None
    connecting_at_ms: int | None = None
    answered_at_ms: int | None = None
    ended_at_ms: int | None = None
    summary: str | None = None

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL

    @property
    def duration_s(self) -> int | None:
        """Whole seconds from the answer to the end; 0 for a call that ended unanswered."""
        if self.ended_at_ms is None:
            return None
        return (self.ended_at_ms - (self.answered_at_ms or self.ended_at_ms)) // 1000

    def as_attributes(self) -> dict[str, Any]:
        """The attributes to store; absent ones are left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


_FIELDS = {f.name for f in fields(Call)}


def call_from_attributes(item: Mapping[str, Any]) -> Call:
    """Read a stored call; attributes that are the table's own (keys) are passed over."""
    values = {name: value for name, value in item.items() if name in _FIELDS}
    values["agent"] = AgentSnapshot(**values["agent"])
    values["state"] = State(values["state"])
    if "phase" in values:
        values["phase"] = Phase(values["phase"])
    if "reason" in values:
        values["reason"] = Reason(values["reason"])
    if kept := values.get("kept_ending"):
        values["kept_ending"] = Ending(State(kept["state"]), Reason(kept["reason"]))
    return Call(**values)


@dataclass(frozen=True)
class Happening:
    """One entry for the call's story, written in the transaction that makes it true."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What one transaction does to a call: its new self, its events, and its place in the line."""

    call: Call
    events: tuple[Happening, ...] = ()
    enters_line: bool = False
    leaves_line: bool = False

    def then(self, next_change: Change) -> Change:
        """Join a change that was decided on this one's result, so that both are one write."""
        return replace(next_change, events=self.events + next_change.events)
