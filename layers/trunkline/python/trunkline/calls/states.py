"""The states of a call, which may follow which, and the words each document has for them.

Source: the design's "A call's life"; `docs/statuses.md` shows the same table to users.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    SCHEDULED = "scheduled"
    PENDING = "pending"
    QUEUED = "queued"
    CONNECTING = "connecting"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DISCONNECTED = "disconnected"
    TIMEOUT = "timeout"


class Phase(StrEnum):
    """How far the current claim of a call has come (dial protocol, "Items")."""

    PREPARED = "prepared"
    SENT = "sent"
    SETTLED = "settled"


_WAITING_ENDS = {State.FAILED, State.CANCELLED, State.TIMEOUT}
_FOLLOWERS: dict[State, set[State]] = {
    State.SCHEDULED: {State.QUEUED, *_WAITING_ENDS},
    State.PENDING: {State.CONNECTING, *_WAITING_ENDS},
    State.QUEUED: {State.CONNECTING, *_WAITING_ENDS},
    State.CONNECTING: {State.QUEUED, State.ACTIVE, State.COMPLETED, State.FAILED, State.CANCELLED},
    State.ACTIVE: {State.COMPLETED, State.FAILED, State.CANCELLED, State.DISCONNECTED},
}
TERMINAL = frozenset(set(State) - set(_FOLLOWERS))

# state -> (flat `status`, `data.status` of the outbound document)
_PUBLIC: dict[State, tuple[str, str]] = {
    State.PENDING: ("pending", "queued"),
    State.CANCELLED: ("failed", "cancelled"),
    State.DISCONNECTED: ("disconnected", "failed"),
    State.TIMEOUT: ("timeout", "failed"),
}


def may_follow(before: State, after: State) -> bool:
    """Say whether a call may go from one state to the other."""
    return after in _FOLLOWERS.get(before, set())


def status_v1(state: State) -> str:
    """The word of the integration guide and ADR-009."""
    return _PUBLIC[state][0] if state in _PUBLIC else state.value


def status_detail(state: State) -> str:
    """The word of the outbound document."""
    return _PUBLIC[state][1] if state in _PUBLIC else state.value
