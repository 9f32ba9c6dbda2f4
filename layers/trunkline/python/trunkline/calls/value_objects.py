"""Value objects of a call. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trunkline.calls.reasons import Reason
from trunkline.calls.states import State


class Channel(StrEnum):
    """How the person joins the call."""

    WEB = "web"
    PHONE = "phone"


class AgentLost(StrEnum):
    """What to do when the agent of a call crashed or lost its connection."""

    HANG_UP = "hang_up"
    REDISPATCH = "redispatch"


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
    version: int = 1
    agent_lost: AgentLost = AgentLost.HANG_UP
    tools: tuple[str, ...] = ()

    @property
    def max_leg_s(self) -> int:
        """Return the longest life of a leg: LiveKit counts from the dial, so the ring time is allowed for."""
        return self.ring_timeout_s + self.max_call_duration_s


class WaitsFor(StrEnum):
    """Why a call waits outside the queue: values of `queue_state`."""

    RETRY = "waiting_for_retry"
    CARRIER = "waiting_for_carrier"
    WINDOW = "outside_window"
    SCHEDULE = "scheduled"
    FREQUENCY = "called_too_often"
    ZONE = "unknown_zone"


VOICEMAIL = frozenset({"machine", "machine-vm", "machine-unavailable"})
"""Reports of who picked up that mean a mailbox; `machine-ivr` is a menu, which may lead to a person."""


@dataclass(frozen=True)
class AttemptRecord:
    """A finished attempt and its result.

    `returned`: the carrier refused the pace, and the attempt went on with another INVITE. `detail` is the
    text of the carrier or of LiveKit.
    """

    number: int
    room_name: str | None
    connecting_at_ms: int | None
    answered_at_ms: int | None
    ended_at_ms: int
    reason: Reason
    sip_status_code: int | None = None
    sip_call_id: str | None = None
    detail: str | None = None
    returned: bool = False


@dataclass(frozen=True)
class Ending:
    """How a leg ended: the state it leads to, why, and when, if that is known."""

    state: State
    reason: Reason
    at_ms: int | None = None


@dataclass(frozen=True)
class HandoffAgent:
    """An agent that may take over a workflow's call, as it was when the call was accepted."""

    id: str
    name: str
    livekit_agent_name: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkflowRef:
    """The workflow version that a call uses to its end."""

    slug: str
    version: int


@dataclass(frozen=True)
class BatchRow:
    """The row of a batch that a call was created from; `name` is the row's own `id`."""

    batch_id: str
    number: int
    name: str | None = None
    file_line: int | None = None


MAX_AGENT_TURNS = 200


@dataclass(frozen=True)
class AgentTurn:
    """A change of the call's agent. `sequence` is the `reporter`'s in its `claim` and detects repeats; -1: by
    a tool. Claim 0: stored before it was known."""

    sequence: int
    agent: str
    at_ms: int
    claim: int = 0
    reporter: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for repeats of one report; without a reporter, another agent is another change."""
        number = (self.claim, self.reporter, self.sequence)
        return number if self.reporter else (*number, self.agent)
