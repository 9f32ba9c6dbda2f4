"""Outbound calls with one agent: `POST /api/v1/calls/outbound` and `/calls/schedule`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.call_control.admission import AdmittedCall, CallAdmission
from trunkline.call_control.phone_call_factory import (
    OUTBOUND_FIELDS,
    SCHEDULED_FIELDS,
    NewPhoneCall,
    new_phone_call,
)
from trunkline.calls.calling_policy_schemas import (
    EARLIEST_MESSAGE,
    EXPIRY_MESSAGE,
    LATEST_MESSAGE,
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    WindowSpec,
)
from trunkline.calls.models import Call
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.field_types import SPEED_MESSAGE, Moment, TestSpeed
from trunkline.core.metadata import METADATA_MESSAGE, Metadata
from trunkline.core.validation import E164, UUID, InputModel
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks

_MESSAGES = {
    "agentId": "Invalid agent ID format",
    "phoneNumber": "Phone number must be in E.164 format (+1234567890)",
    "callerId": "Caller ID must be in E.164 format (+1234567890)",
    "priority": "Priority must be an integer between 0 and 10",
    "redial": REDIAL_MESSAGE,
    "callingWindow": WINDOW_MESSAGE,
    "metadata": METADATA_MESSAGE,
    "testSpeed": f"testSpeed {SPEED_MESSAGE}",
}


class PhoneCallFields(InputModel):
    """Fields of a phone call to a number with an agent, immediate or scheduled."""

    agentId: Annotated[str, Field(pattern=UUID, description="The voice agent to use.")]
    phoneNumber: Annotated[str, Field(pattern=E164, description="The number to ring, E.164.")]
    callerId: Annotated[
        str | None,
        Field(pattern=E164, description="One of the trunk's numbers; default: the agent's first."),
    ] = None
    metadata: Metadata = {}
    priority: Annotated[int, Field(ge=0, le=10, description="0 is dialled first.")] = 5
    redial: Annotated[RedialSpec | None, Field(description="Default: the agent's.")] = None
    callingWindow: Annotated[WindowSpec | None, Field(description="Default: the agent's.")] = None
    testSpeed: TestSpeed | None = None


class OutboundCall(PhoneCallFields):
    """The body of `POST /api/v1/calls/outbound`."""

    messages: ClassVar[dict[str, str]] = _MESSAGES | {"expiresAt": f"expiresAt {EXPIRY_MESSAGE}"}

    expiresAt: Annotated[
        Moment | None,
        Field(
            description="No attempt begins after it, ISO 8601. Default: in an hour; with redials or "
            "a window, in a day, and not before an hour after the window opens."
        ),
    ] = None


class ScheduledCall(PhoneCallFields):
    """The body of `POST /api/v1/calls/schedule`: a call at a time, or in a window of time."""

    messages: ClassVar[dict[str, str]] = _MESSAGES | {
        "earliestAt": f"earliestAt {EARLIEST_MESSAGE}",
        "latestAt": f"latestAt {LATEST_MESSAGE}",
    }

    earliestAt: Annotated[Moment, Field(description="When it may ring first, ISO 8601 with its offset.")]
    latestAt: Annotated[
        Moment | None,
        Field(
            description="No attempt begins after it. Default: an hour after earliestAt; with redials or a "
            "window, a day, and not before an hour after the window opens."
        ),
    ] = None


@dataclass(frozen=True)
class OutboundCallService:
    """Accepts phone calls. `check_livekit(tenant_id)` raises if the tenant has no LiveKit project."""

    admission: CallAdmission
    agents: AgentRepository
    trunks: TrunkRepository
    test_trunks: TestTrunks
    check_livekit: Callable[[str], object]

    def create(
        self,
        principal: Principal,
        request: OutboundCall | ScheduledCall,
        *,
        source: str,
        idempotency_key: IdempotencyKey | None = None,
    ) -> AdmittedCall:
        """Accept a phone call and wake its trunk's lane; a repeat of an idempotency key does neither.

        Raises:
            NotFound: the tenant has no such agent.
            InvalidRequest: the agent can't make calls or use that caller id, or a time is out of range.
            LiveKitNotConfigured: the tenant has no LiveKit project.
            QueueUnavailable: the wake-up was not sent; the call was rolled back, so a retry is safe.
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: another request with the key is running.
        """
        if earlier := self.admission.earlier(idempotency_key):
            return earlier
        return self.admission.accept(self.build(principal, request, source=source), idempotency_key)

    def build(self, principal: Principal, request: OutboundCall | ScheduledCall, *, source: str) -> Call:
        """Build the requested call without storing it; raises as `create` does."""
        agent = self._agent(principal, request.agentId.lower())
        caller_id = self.select_caller_id(principal, agent, request.callerId, "callerId")
        is_scheduled = isinstance(request, ScheduledCall)
        new_call = NewPhoneCall(
            agent=self.with_trunk(principal, agent),
            phone_number=request.phoneNumber,
            caller_id=caller_id,
            priority=request.priority,
            redial=request.redial.policy() if request.redial else agent.redial,
            window=request.callingWindow.window(()) if request.callingWindow else agent.window,
            default_zone=self.default_zone(principal),
            earliest_at=request.earliestAt if isinstance(request, ScheduledCall) else None,
            expires_at=request.latestAt if isinstance(request, ScheduledCall) else request.expiresAt,
            speed=request.testSpeed,
            metadata=request.metadata,
            source=source,
            workflow=None,
            handoff_agents=(),
            user_id=None,
            field_names=SCHEDULED_FIELDS if is_scheduled else OUTBOUND_FIELDS,
        )
        self.require_livekit(principal)
        return new_phone_call(principal, new_call, self.admission.clock.wall_ms())

    def default_zone(self, principal: Principal) -> str | None:
        """Return the time zone to assume when none can be derived from the number."""
        return self.admission.compliance.of(principal.tenant_mode).default_timezone

    def require_livekit(self, principal: Principal) -> None:
        """Raise `LiveKitNotConfigured` if a live call has no LiveKit project; test calls need none."""
        if principal.livemode:
            self.check_livekit(principal.tenant_id)

    def with_trunk(self, principal: Principal, agent: Agent) -> Agent:
        """Return the agent with the trunk its calls are dialled through: test calls use the test trunk."""
        if principal.livemode:
            return agent
        trunk = self.test_trunks.get_or_create(principal.tenant_id)
        return replace(agent, trunk_id=trunk.id, phone_numbers=agent.phone_numbers or trunk.numbers)

    def require_callable(self, principal: Principal, agent: Agent) -> Agent:
        """Return the agent if it can make phone calls; in test mode it needs no trunk of its own.

        Raises:
            InvalidRequest: it can't.
        """
        if not principal.livemode and not agent.trunk_id:
            agent = self.with_trunk(principal, agent)
        require_able_to_phone(agent)
        return agent

    def _agent(self, principal: Principal, agent_id: str) -> Agent:
        agent = self.agents.usable(principal, agent_id)
        if agent is None:
            raise NotFound("Agent not found or access denied")
        return self.require_callable(principal, agent)

    def select_caller_id(self, principal: Principal, agent: Agent, requested: str | None, field: str) -> str:
        """Choose the caller id. The agent's numbers were checked when it was saved; others cost a read."""
        if requested is None:
            return agent.phone_numbers[0]
        if requested in agent.phone_numbers:
            return requested
        trunk = self.trunks.granted(principal.tenant_id, agent.trunk_id or "")
        if trunk is None or requested not in trunk.numbers:
            raise InvalidRequest("Caller ID must be one of the trunk's phone numbers", field=field)
        return requested


def require_able_to_phone(agent: Agent) -> None:
    """Raise `InvalidRequest` unless the agent can make phone calls."""
    if agent.type != "voice":
        raise InvalidRequest("Agent must be a voice agent for outbound calls")
    if agent.status != "active":
        raise InvalidRequest("Agent must be active to make calls")
    if not agent.trunk_id or not agent.phone_numbers:
        raise InvalidRequest("Agent has no trunk and phone number to call from")
