"""What a run under faults left behind, and the invariants that it must keep. Pure.

Each check returns a sentence for each violation, so that a report can show all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from local.probes import max_starts_in_a_second

LOG_DELAY_S = 0.3
"""How late the stand-in may log an INVITE on a busy machine (`benchmarks/packet_capture.py`)."""

ENDED = frozenset({"completed", "failed", "cancelled"})
_EVENT_OF_STATUS = {"completed": "call.completed", "disconnected": "call.disconnected"}


@dataclass(frozen=True)
class Invite:
    """An INVITE as the carrier saw it; monotonic seconds."""

    trunk: str
    room: str
    at_s: float

    @property
    def call_id(self) -> str:
        """Return the call of the room `call-<id>` or `call-<id>-<claim>`."""
        return self.room[5:41]


@dataclass(frozen=True)
class CallRecord:
    """A call as its tenant reads it at the end; `data_status` is that of the outbound document.

    `endpoint_is_healthy`: its events go to an endpoint that accepts them.
    """

    id: str
    status: str
    data_status: str
    reason: str | None
    was_active: bool = False
    endpoint_is_healthy: bool = True

    def event_types(self) -> set[str]:
        """Return the types of the events that its endpoint must have been told."""
        connected = {"call.connected"} if self.was_active else set()
        return {"call.started", _EVENT_OF_STATUS.get(self.status, "call.failed")} | connected


@dataclass(frozen=True)
class TrunkLimits:
    cps: int
    max_concurrent_calls: int | None = None


@dataclass(frozen=True)
class History:
    """The end of a run. Times are monotonic seconds; `packets_s` may be of another clock, by trunk.

    `cancelled_at_s` is when the API had answered that a call is cancelled. `told` are pairs of
    call and event type that the healthy endpoint received, `deliveries` those in the log, with their state.
    `unread` is what the API did not return at the end.
    """

    limits: Mapping[str, TrunkLimits]
    accepted: frozenset[str]
    calls: Mapping[str, CallRecord]
    invites: Sequence[Invite]
    packets_s: Mapping[str, Sequence[float]] = field(default_factory=dict)
    cancelled_at_s: Mapping[str, float] = field(default_factory=dict)
    most_legs: Mapping[str, int] = field(default_factory=dict)
    slots_left: Mapping[str, int] = field(default_factory=dict)
    told: frozenset[tuple[str, str]] = frozenset()
    deliveries: frozenset[tuple[str, str, str]] = frozenset()
    unfinished_batches: Sequence[str] = ()
    leaks: Sequence[str] = ()
    wrong_responses: Sequence[str] = ()
    unread: Sequence[str] = ()


def recorded_failed(history: History) -> set[tuple[str, str]]:
    """Return the call and event type of each delivery that was given up."""
    return {(call_id, kind) for call_id, kind, state in history.deliveries if state == "failed"}


def lost_calls(history: History) -> list[str]:
    """Find accepted calls that are gone, have not ended, or ended without a reason."""
    gone = [f"{call_id}: accepted, but not found" for call_id in history.accepted - set(history.calls)]
    open_ = [
        f"{call.id}: still {call.status}" for call in history.calls.values() if call.data_status not in ENDED
    ]
    silent = [
        f"{call.id}: {call.status} without a reason"
        for call in history.calls.values()
        if call.data_status in ENDED and not call.reason
    ]
    return sorted(gone) + open_ + silent + [f"batch {each}" for each in history.unfinished_batches]


def calls_dialled_twice(history: History) -> list[str]:
    """Find calls with more than one INVITE; none of the run's numbers asks for a second attempt."""
    dialled = Counter(invite.call_id for invite in history.invites)
    return [f"{call_id}: {times} INVITEs" for call_id, times in dialled.items() if times > 1]


def seconds_above_cps(history: History) -> list[str]:
    """Find trunks on which a sliding second holds more INVITEs than the budget.

    By the kernel's times of the packets, and by the receiver's log, whose times may be late by `LOG_DELAY_S`.
    """
    found = []
    for trunk, limits in history.limits.items():
        sent = max_starts_in_a_second(history.packets_s.get(trunk, ()))
        if sent > limits.cps:
            found.append(f"{trunk}: {sent} INVITE packets in a second, {limits.cps} are allowed")
        received = max_starts_in_a_second(_in_seconds(history, trunk, 1 - LOG_DELAY_S))
        if received > limits.cps:
            found.append(f"{trunk}: {received} INVITEs received in {1 - LOG_DELAY_S} s")
    return found


def _in_seconds(history: History, trunk: str, window_s: float) -> list[float]:
    """Scale the times of a trunk's INVITEs so that the window is a second."""
    return [invite.at_s / window_s for invite in history.invites if invite.trunk == trunk]


def rings_after_cancel(history: History) -> list[str]:
    """Find calls that rang after the API had answered that they are cancelled."""
    return [
        f"{invite.call_id}: INVITE {invite.at_s - history.cancelled_at_s[invite.call_id]:.3f} s after"
        for invite in history.invites
        if invite.at_s > history.cancelled_at_s.get(invite.call_id, float("inf"))
    ]


def exceeded_concurrency(history: History) -> list[str]:
    """Find trunks with more calls at once than they allow."""
    return [
        f"{trunk}: {history.most_legs[trunk]} calls at once, {limits.max_concurrent_calls} are allowed"
        for trunk, limits in history.limits.items()
        if limits.max_concurrent_calls and history.most_legs.get(trunk, 0) > limits.max_concurrent_calls
    ]


def leaked_slots(history: History) -> list[str]:
    """Find pools whose slots are taken although all calls ended."""
    return [f"{pool}: {count} slots taken" for pool, count in history.slots_left.items() if count]


def missing_events(history: History) -> list[str]:
    """Find events that the endpoint was not told, and of which no delivery says that it failed."""
    found, failed = list[str](), recorded_failed(history)
    states = {(call_id, kind): state for call_id, kind, state in history.deliveries}
    for call in history.calls.values():
        if call.data_status in ENDED and call.endpoint_is_healthy:
            wanted = {(call.id, event_type) for event_type in call.event_types()}
            missing = sorted(wanted - history.told - failed)
            found += [f"{event[0]}: {event[1]}, {states.get(event, 'no delivery')}" for event in missing]
    return found


def secret_leaks(history: History) -> list[str]:
    return list(history.leaks)


def wrong_responses(history: History) -> list[str]:
    return list(history.wrong_responses)


def unread_records(history: History) -> list[str]:
    return list(history.unread)


CHECKS: Mapping[str, Callable[[History], list[str]]] = {
    "every accepted call ends with a reason": lost_calls,
    "no call is dialled twice": calls_dialled_twice,
    "no sliding second is above the budget": seconds_above_cps,
    "a cancelled call never rings": rings_after_cancel,
    "max_concurrent_calls is never exceeded": exceeded_concurrency,
    "every slot is freed": leaked_slots,
    "every event is delivered or recorded as failed": missing_events,
    "no secret is where it must not be": secret_leaks,
    "every response is as documented": wrong_responses,
    "everything can be read at the end": unread_records,
}


def violations(history: History) -> dict[str, list[str]]:
    """Return what each check found; an empty list for each that holds."""
    return {name: check(history) for name, check in CHECKS.items()}


def by_trunk(pairs: Iterable[tuple[str, float]]) -> dict[str, list[float]]:
    """Group times by trunk, in order."""
    grouped: defaultdict[str, list[float]] = defaultdict(list)
    for trunk, at_s in pairs:
        grouped[trunk].append(at_s)
    return {trunk: sorted(times) for trunk, times in grouped.items()}
