"""Accepts a call: checks, one transaction, one wake (rules 1 and 2)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from trunkline.calls.changes import ended
from trunkline.calls.model import AgentSnapshot, Call, Ending, StaleCall, WaitsFor
from trunkline.calls.policy import CallingWindow, RedialPolicy
from trunkline.calls.policy_input import (
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    WindowSpec,
    resolved_window,
)
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.store import AcceptedBefore, CallStore
from trunkline.clock import Clock
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.places import Place
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.dialing.wake import Wake, WakeNotSent, WakeQueue
from trunkline.errors import IdempotencyInProgress, InvalidRequest, NotFound, QueueUnavailable
from trunkline.idempotency import Once
from trunkline.table import TransactionConflict
from trunkline.tenants.agents import Agent, AgentStore
from trunkline.tenants.keys import Principal
from trunkline.times import moment_ms
from trunkline.validation import E164, UUID, InputModel

_MAX_METADATA_BYTES = 32 * 1024
_HOUR_MS = 3_600_000
_MAX_EXPIRY_MS = 14 * 24 * _HOUR_MS
_EXPIRY_MESSAGE = "expiresAt must be an ISO 8601 time with its offset, in the future, at most 14 days ahead"


class OutboundCall(InputModel):
    """The body of `POST /api/v1/calls/outbound`."""

    messages: ClassVar[dict[str, str]] = {
        "agentId": "Invalid agent ID format",
        "phoneNumber": "Phone number must be in E.164 format (+1234567890)",
        "callerId": "Caller ID must be in E.164 format (+1234567890)",
        "priority": "Priority must be an integer between 0 and 10",
        "redial": REDIAL_MESSAGE,
        "callingWindow": WINDOW_MESSAGE,
        "expiresAt": _EXPIRY_MESSAGE,
        "metadata": f"Metadata must be a JSON object of at most {_MAX_METADATA_BYTES} bytes",
    }

    agentId: Annotated[str, Field(pattern=UUID, description="The voice agent to use.")]
    phoneNumber: Annotated[str, Field(pattern=E164, description="The number to ring, E.164.")]
    callerId: Annotated[
        str | None,
        Field(pattern=E164, description="One of the trunk's numbers; default: the agent's first."),
    ] = None
    metadata: Annotated[dict[str, Any], Field(description="Yours; comes back as it was.")] = {}
    priority: Annotated[int, Field(ge=0, le=10, description="0 is dialled first.")] = 5
    redial: Annotated[RedialSpec | None, Field(description="Default: the agent's.")] = None
    callingWindow: Annotated[WindowSpec | None, Field(description="Default: the agent's.")] = None
    expiresAt: Annotated[
        str | None,
        Field(
            description="No attempt begins after it, ISO 8601. Default: in an hour; with redials or "
            "a window, in a day, and not before an hour after the window opens."
        ),
    ] = None

    @field_validator("expiresAt")
    @classmethod
    def _a_moment(cls, value: str | None) -> str | None:
        if value is not None:
            moment_ms(value)
        return value

    @field_validator("metadata")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value).encode()) > _MAX_METADATA_BYTES:
            raise ValueError("metadata is too large")
        return value


@dataclass(frozen=True)
class Placed:
    """An accepted call; `replayed`: an earlier request with the same idempotency key made it."""

    call: Call
    replayed: bool = False


@dataclass(frozen=True)
class CallDesk:
    """Takes calls in. `check_livekit` raises while the deployment has no LiveKit project."""

    calls: CallStore
    agents: AgentStore
    trunks: TrunkStore
    wakes: WakeQueue
    nudge: Nudge
    clock: Clock
    check_livekit: Callable[[], object]

    def place(
        self, principal: Principal, request: OutboundCall, *, source: str, once: Once | None = None
    ) -> Placed:
        """Accept a phone call and wake its trunk's lane; with an idempotency key only the first time.

        Raises:
            NotFound: the tenant has no such agent.
            InvalidRequest: the agent can't make calls, or may not show that caller id.
            LiveKitNotConfigured: there is nothing to dial through.
            QueueUnavailable: the wake was not sent; the call was withdrawn, so a retry is safe.
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: a request with the key is being carried out.
        """
        agent = self._agent(principal, request.agentId.lower())
        caller_id = self._caller_id(principal, agent, request.callerId)
        self.check_livekit()
        call = self._new_call(principal, agent, caller_id, request, source)
        if before := self._accept(call, once):
            return Placed(before, replayed=True)
        if call.due_ms:
            self.nudge.wake_at(call.trunk_id, call.due_ms)
            return Placed(call)
        try:
            self.wakes.send(Wake(call.trunk_id))
        except WakeNotSent as error:
            return Placed(self._withdraw(call, str(error), once))
        return Placed(call)

    def _accept(self, call: Call, once: Once | None) -> Call | None:
        """Store the call; the one that its key's first request made, if this is not the first."""
        try:
            self.calls.accept(call, once)
        except TransactionConflict as error:
            if once is None:
                raise
            raise IdempotencyInProgress from error
        except AcceptedBefore as error:
            before = self.calls.accepted(once) if once else None
            if before is None:
                raise IdempotencyInProgress from error
            return before
        return None

    def _agent(self, principal: Principal, agent_id: str) -> Agent:
        agent = self.agents.load(principal.tenant_id, agent_id)
        if agent is None:
            raise NotFound("Agent not found or access denied")
        if agent.type != "voice":
            raise InvalidRequest("Agent must be a voice agent for outbound calls")
        if agent.status != "active":
            raise InvalidRequest("Agent must be active to make calls")
        if not agent.trunk_id or not agent.phone_numbers:
            raise InvalidRequest("Agent has no trunk and phone number to call from")
        return agent

    def _caller_id(self, principal: Principal, agent: Agent, wanted: str | None) -> str:
        """The agent's numbers were checked when it was saved; only another one costs a read."""
        if wanted is None:
            return agent.phone_numbers[0]
        if wanted in agent.phone_numbers:
            return wanted
        trunk = self.trunks.granted(principal.tenant_id, agent.trunk_id or "")
        if trunk is None or wanted not in trunk.numbers:
            raise InvalidRequest("Caller ID must be one of the trunk's phone numbers", field="callerId")
        return wanted

    def _new_call(
        self, principal: Principal, agent: Agent, caller_id: str, request: OutboundCall, source: str
    ) -> Call:
        now_ms = self.clock.wall_ms()
        call_id = str(uuid.uuid4())
        redial = request.redial.policy() if request.redial else agent.redial
        window = resolved_window(request.callingWindow, agent.window, request.phoneNumber)
        opens_ms = _opens(window, now_ms)
        place = Place(principal.tenant_id, request.priority, False, now_ms * 1000, call_id)
        return Call(
            id=call_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            state=State.QUEUED,
            version=1,
            sequence=1,
            created_at_ms=now_ms,
            expires_at_ms=_expiry(request.expiresAt, redial, opens_ms, now_ms),
            agent=_snapshot(agent),
            trunk_id=agent.trunk_id or "",
            phone_number=request.phoneNumber,
            caller_id=caller_id,
            priority=request.priority,
            metadata_json=json.dumps(request.metadata),
            source=source,
            line_place=place.key,
            redial=redial,
            window=window,
            due_ms=opens_ms if opens_ms and opens_ms > now_ms else None,
            waits_for=WaitsFor.WINDOW if opens_ms and opens_ms > now_ms else None,
        )

    def _withdraw(self, call: Call, cause: str, once: Once | None) -> Call:
        """Rule 2: fail the call and take it from the line in one transaction.

        If the entry is gone, a running lane has claimed the call: it will ring, so it was accepted.
        """
        now_ms = self.clock.wall_ms()
        ending = Ending(State.FAILED, Reason.QUEUE_UNAVAILABLE)
        try:
            self.calls.change(call, ended(call, ending, now_ms), now_ms, forget=once)
        except StaleCall:
            return call
        raise QueueUnavailable(cause)


def _opens(window: CallingWindow | None, now_ms: int) -> int | None:
    """When a call may ring first; None without a window."""
    if window is None:
        return None
    opens_ms = window.opens_ms(now_ms)
    if opens_ms is None:
        zones = ", ".join(window.zones)
        raise InvalidRequest(
            f"The calling window is never open in all of the number's time zones ({zones})",
            field="callingWindow",
        )
    return opens_ms


def _expiry(wanted: str | None, redial: RedialPolicy, opens_ms: int | None, now_ms: int) -> int:
    if wanted is not None:
        expires_ms = moment_ms(wanted)
        if not now_ms < expires_ms <= now_ms + _MAX_EXPIRY_MS:
            raise InvalidRequest(f"Validation error: {_EXPIRY_MESSAGE}", field="expiresAt")
        if opens_ms and opens_ms >= expires_ms:
            raise InvalidRequest("The calling window opens only after expiresAt", field="expiresAt")
        return expires_ms
    if opens_ms is None and redial.max_attempts == 1:
        return now_ms + _HOUR_MS
    return max(now_ms + 24 * _HOUR_MS, (opens_ms or 0) + _HOUR_MS)


def _snapshot(agent: Agent) -> AgentSnapshot:
    return AgentSnapshot(
        id=agent.id,
        name=agent.name,
        type=agent.type,
        livekit_agent_name=agent.livekit_agent_name,
        wait_for_agent=agent.wait_for_agent,
        agent_join_timeout_s=agent.agent_join_timeout_s,
        ring_timeout_s=agent.ring_timeout_s,
        max_call_duration_s=agent.max_call_duration_s,
    )
