"""A call as it is stored, and the pure functions that change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, Phase, State, may_follow


class StaleCall(Exception):
    """The call changed since it was read: read it again and decide anew."""


class IllegalTransition(Exception):
    """A caller asked for a change that the state table does not know: a defect, never the world's doing."""


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


def move(call: Call, to: State, now_ms: int, **attributes: Any) -> Call:
    """Return the call in another state, with the times that go with it.

    Raises:
        IllegalTransition: the state table has no such step.
    """
    if not may_follow(call.state, to):
        raise IllegalTransition(f"{call.state} -> {to}")
    if to is State.CONNECTING:
        attributes.setdefault("connecting_at_ms", now_ms)
    if to is State.ACTIVE:
        attributes.setdefault("answered_at_ms", now_ms)
    if to in TERMINAL:
        attributes.setdefault("ended_at_ms", now_ms)
    return replace(call, state=to, **attributes)


def claimed(call: Call, owner: str, room_name: str) -> Change:
    """Rule 5: taken from the line by a run; the public status stays `queued`."""
    return Change(
        replace(call, claim=call.claim + 1, phase=Phase.PREPARED, owner=owner, room_name=room_name),
        leaves_line=True,
    )


def intended(call: Call, now_ms: int, *, intent: str, dead_after_ms: int, **ids: Any) -> Change:
    """Rule 8: the point of no return. A slot that was missed is intended again, without a new event."""
    marks = {"phase": Phase.SENT, "intent": intent, "dead_after_ms": dead_after_ms, **ids}
    if call.phase is Phase.SENT:
        return Change(replace(call, **marks))
    return Change(move(call, State.CONNECTING, now_ms, **marks), (Happening("connecting"),))


_CLAIM_ONLY = (
    "phase",
    "owner",
    "intent",
    "dead_after_ms",
    "kept_ending",
    "room_name",
    "dispatch_id",
    "agent_job_id",
    "sip_participant_id",
    "sip_call_id",
    "connecting_at_ms",
)


def returned(call: Call, now_ms: int, *, why: str) -> Change:
    """Rule 10: back to its own place in the line; the next claim has another room and identity."""
    cleared: dict[str, Any] = dict.fromkeys(_CLAIM_ONLY)
    if call.state is State.CONNECTING:
        back = Happening("queued", {"reason": why})
        return Change(move(call, State.QUEUED, now_ms, **cleared), (back,), enters_line=True)
    return Change(replace(call, **cleared), enters_line=True)


def answered(call: Call, now_ms: int, **ids: Any) -> Change:
    """The callee picked up."""
    after = move(call, State.ACTIVE, now_ms, phase=Phase.SETTLED, owner=None, **ids)
    return Change(after, (Happening("active"),))


def ended(
    call: Call, ending: Ending, now_ms: int, *, sip_status_code: int | None = None, **ids: Any
) -> Change:
    """The call reached its end; a call that never was claimed leaves the line with it."""
    after = move(
        call,
        ending.state,
        now_ms,
        reason=ending.reason,
        sip_status_code=sip_status_code or call.sip_status_code,
        phase=Phase.SETTLED if call.phase else None,
        owner=None,
        kept_ending=None,
        **ids,
    )
    data: dict[str, Any] = {"reason": ending.reason}
    if after.sip_status_code:
        data["sip_status_code"] = after.sip_status_code
    waiting = call.state is State.QUEUED and call.phase is None
    return Change(after, (Happening(ending.state.value, data),), leaves_line=waiting)


def disowned(call: Call) -> Change:
    """Rule 11: nobody knows what came of the dial; news and the caretaker may decide it from here."""
    return Change(replace(call, owner=None))


def kept(call: Call, ending: Ending) -> Change:
    """Rule 12: news of an end while the dial's answer is still awaited; whoever ends the wait applies it."""
    return Change(replace(call, kept_ending=ending))
