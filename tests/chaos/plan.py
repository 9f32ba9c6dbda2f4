"""The plan of a chaos run: which calls are placed and which faults happen, and when. Pure.

It is a function of seed and length alone, so that a run can be repeated.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

QUIET_S = 10.0
"""Without faults, at the beginning."""

_CALL_INTERVAL_S = 2.0
_FAULT_INTERVAL_S = 8.0
_MAX_SKEW_S = 1.0
TENANTS = ("alpha", "beta", "gamma", "mallory")
"""Alpha and beta share a trunk with few concurrent calls. Mallory is hostile."""

# Answered, busy, rings on, declined, unavailable, hangs up at once, talks until the limit.
NUMBERS = tuple(f"+1555010{number:04d}" for number in (1, 1, 2, 2, 3, 5, 9, 13, 11))


class FaultKind(StrEnum):
    """Ways to break the stack; `target` of a fault is in parentheses."""

    KILL = "kill"  # the processes of a function
    AWS_FAILS = "aws_fails"  # a service: 500, half of the requests are carried out
    AWS_THROTTLES = "aws_throttles"  # a service
    AWS_HANGS = "aws_hangs"  # a service: no response for seconds, then 500
    DUPLICATES = "duplicates"  # a service: SQS messages and stream records twice
    LIVEKIT_STOPS = "livekit_stops"  # the process is stopped, then goes on
    LIVEKIT_RESTARTS = "livekit_restarts"  # loses its calls; "rooms": shows them still
    LIVEKIT_FAILS = "livekit_fails"  # a method
    WEBHOOKS_TWICE = "webhooks_twice"  # LiveKit sends each webhook twice
    WEBHOOKS_LOST = "webhooks_lost"  # LiveKit sends no webhook
    POISON = "poison"  # an item or message that cannot be read
    FORGED = "forged"  # the hostile tenant's LiveKit tells of other tenants' rooms


FUNCTIONS = ("dialer", "livekit-webhook", "event-fanout", "webhook-deliver", "reconciler", "api", "batches")
AWS_SERVICES = ("DynamoDB", "SQS", "KMS", "SecretsManager", "StepFunctions")
LIVEKIT_METHODS = (
    "SIP/CreateSIPParticipant",
    "AgentDispatchService/CreateDispatch",
    "RoomService/GetParticipant",
    "RoomService/RemoveParticipant",
    "RoomService/ListParticipants",
    "RoomService/DeleteRoom",
)
HOWS = ("reset_before", "reset_after", "hang_after", "error_before", "error_after")
POISONS = ("line_key", "line_of_no_call", "call", "event", "wake", "delivery")
_TARGETS: dict[FaultKind, tuple[str, ...]] = {
    FaultKind.KILL: ("dialer", *FUNCTIONS),
    FaultKind.AWS_FAILS: AWS_SERVICES,
    FaultKind.AWS_THROTTLES: AWS_SERVICES,
    FaultKind.AWS_HANGS: AWS_SERVICES,
    FaultKind.DUPLICATES: ("SQS", "stream"),
    FaultKind.LIVEKIT_STOPS: ("",),
    FaultKind.LIVEKIT_RESTARTS: ("", "rooms"),
    FaultKind.LIVEKIT_FAILS: LIVEKIT_METHODS,
    FaultKind.WEBHOOKS_TWICE: ("",),
    FaultKind.WEBHOOKS_LOST: ("",),
    FaultKind.POISON: POISONS,
    FaultKind.FORGED: ("",),
}
_WEIGHTS = {FaultKind.KILL: 4, FaultKind.POISON: 2, FaultKind.LIVEKIT_FAILS: 2}


@dataclass(frozen=True)
class Fault:
    """One fault; `share` of the requests fail, and `how` is the way in which LiveKit's do."""

    at_s: float
    kind: FaultKind
    target: str
    lasts_s: float
    share: float
    how: str


class ActionKind(StrEnum):
    OUTBOUND = "outbound"
    WORKFLOW = "workflow"
    SCHEDULED = "scheduled"
    BATCH = "batch"


@dataclass(frozen=True)
class Action:
    """One request of a tenant; the call is cancelled after a time, if there is one."""

    at_s: float
    tenant: str
    kind: ActionKind
    number: str
    priority: int
    cancel_after_s: float | None


@dataclass(frozen=True)
class Plan:
    seed: int
    minutes: float
    skew_s: float
    faults: tuple[Fault, ...]
    actions: tuple[Action, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is saved beside the report."""
        return asdict(self)


def make_plan(seed: int, minutes: float) -> Plan:
    """Draw a plan; the same seed and length give the same one."""
    chance = random.Random(f"{seed}/{float(minutes)}")
    length_s = minutes * 60
    skew_s = round(chance.uniform(0, _MAX_SKEW_S), 3)
    actions = tuple(_action(chance, at_s) for at_s in _moments(chance, 0, length_s, _CALL_INTERVAL_S))
    faults = tuple(_fault(chance, at_s) for at_s in _moments(chance, QUIET_S, length_s, _FAULT_INTERVAL_S))
    return Plan(seed, minutes, skew_s, faults, actions)


def _moments(chance: random.Random, begin_s: float, end_s: float, interval_s: float) -> Iterator[float]:
    at_s = begin_s + chance.expovariate(1 / interval_s)
    while at_s < end_s:
        yield round(at_s, 3)
        at_s += chance.expovariate(1 / interval_s)


def _action(chance: random.Random, at_s: float) -> Action:
    kinds = list(ActionKind)
    kind = chance.choices(kinds, weights=[12, 3, 2, 0.5])[0]
    cancelled = chance.random() < 0.25
    return Action(
        at_s,
        chance.choice(TENANTS),
        kind,
        chance.choice(NUMBERS),
        chance.randrange(8),
        round(chance.expovariate(1 / 2.0), 3) if cancelled else None,
    )


def _fault(chance: random.Random, at_s: float) -> Fault:
    kinds = list(FaultKind)
    kind = chance.choices(kinds, weights=[_WEIGHTS.get(each, 1) for each in kinds])[0]
    return Fault(
        at_s,
        kind,
        chance.choice(_TARGETS[kind]),
        round(chance.uniform(2, 12), 3),
        round(chance.uniform(0.1, 0.6), 3),
        chance.choice(HOWS),
    )
