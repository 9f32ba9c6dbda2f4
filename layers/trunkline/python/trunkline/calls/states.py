"""States of a call, their legal transitions, and the two public vocabularies for them.

`docs/statuses.md` shows the same table to users.
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
    """Progress of a call's current claim (docs/dial-protocol.md)."""

    PREPARED = "prepared"
    SENT = "sent"
    SETTLED = "settled"


_WAITING_ENDS = {State.FAILED, State.CANCELLED, State.TIMEOUT}
_FOLLOWERS: dict[State, set[State]] = {
    State.SCHEDULED: {State.QUEUED, *_WAITING_ENDS},
    State.PENDING: {State.CONNECTING, *_WAITING_ENDS},
    State.QUEUED: {State.CONNECTING, *_WAITING_ENDS},
    State.CONNECTING: {State.QUEUED, State.ACTIVE, State.COMPLETED, State.FAILED, State.CANCELLED},
    State.ACTIVE: {State.QUEUED, State.COMPLETED, State.FAILED, State.CANCELLED, State.DISCONNECTED},
}
TERMINAL = frozenset(set(State) - set(_FOLLOWERS))

# state -> (`status`, `data.status`)
_PUBLIC: dict[State, tuple[str, str]] = {
    State.PENDING: ("pending", "queued"),
    State.CANCELLED: ("failed", "cancelled"),
    State.DISCONNECTED: ("disconnected", "failed"),
    State.TIMEOUT: ("timeout", "failed"),
}


def may_follow(before: State, after: State) -> bool:
    """Tell whether a call may go from one state to the other."""
    return after in _FOLLOWERS.get(before, set())


def status_v1(state: State) -> str:
    """Return the top-level `status` of a call in responses and events."""
    return _PUBLIC[state][0] if state in _PUBLIC else state.value


def status_detail(state: State) -> str:
    """Return `data.status` of a call in responses."""
    return _PUBLIC[state][1] if state in _PUBLIC else state.value
