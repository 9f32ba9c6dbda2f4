"""Calls by workflow (`POST /api/v1/calls`) and test calls with one agent, over web and phone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from trunkline.agents.models import Agent, agent_id_for
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.call_control.admission import AdmittedCall, CallAdmission
from trunkline.call_control.outbound import OutboundCallService
from trunkline.call_control.phone_call_factory import (
    EXPIRY_MESSAGE,
    WORKFLOW_FIELDS,
    NewPhoneCall,
    new_phone_call,
    require_test_for_speed,
    snapshot,
)
from trunkline.calls.calling_policy_schemas import (
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    WindowSpec,
)
from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.test_numbers import TEST_NUMBERS
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import Channel, HandoffAgent, WorkflowRef
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.field_types import METADATA_MESSAGE, SPEED_MESSAGE, Metadata, Moment, Number, TestSpeed
from trunkline.core.validation import InputModel, validated
from trunkline.livekit.rooms import room_name
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.workflows.models import Workflow
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import DEFAULT_JOIN_WINDOW_S

MAX_CONTEXT_BYTES = 64 * 1024
_CONTEXT_MESSAGE = f"user_context must be a JSON object of at most {MAX_CONTEXT_BYTES} bytes"
_USER_MESSAGE = "user_id must be 1 to 200 characters"
_PHONE_ONLY = ("priority", "redial", "calling_window", "expires_at", "caller_id")


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value).encode()) > MAX_CONTEXT_BYTES:
        raise ValueError("user_context is too large")
    return value


UserContext = Annotated[
    dict[str, Any],
    AfterValidator(_bounded),
    Field(description="What agent and tools may know of the person; encrypted, and never shown again."),
]
UserId = Annotated[str, Field(min_length=1, max_length=200)]


class WorkflowCall(InputModel):
    """The body of `POST /api/v1/calls`; the fields from `priority` on are for phone workflows.

    A phone workflow rings `user_context.phone`.
    """

    messages: ClassVar[dict[str, str]] = {
        "workflow_slug": "workflow_slug must be 1 to 64 characters",
        "user_id": _USER_MESSAGE,
        "user_context": _CONTEXT_MESSAGE,
        "metadata": METADATA_MESSAGE,
        "priority": "Priority must be an integer between 0 and 10",
        "caller_id": "Caller ID must be in E.164 format (+1234567890)",
        "redial": REDIAL_MESSAGE,
        "calling_window": WINDOW_MESSAGE,
        "expires_at": f"expires_at {EXPIRY_MESSAGE}",
        "test_speed": f"test_speed {SPEED_MESSAGE}",
    }

    workflow_slug: Annotated[str, Field(min_length=1, max_length=64)]
    user_id: UserId
    user_context: UserContext = {}
    metadata: Metadata = {}
    priority: Annotated[int | None, Field(ge=0, le=10, description="Default: the workflow's.")] = None
    caller_id: Annotated[Number | None, Field(description="One of the trunk's numbers.")] = None
    redial: Annotated[RedialSpec | None, Field(description="Default: the workflow's.")] = None
    calling_window: Annotated[WindowSpec | None, Field(description="Default: the workflow's.")] = None
    expires_at: Annotated[Moment | None, Field(description="No attempt begins after it.")] = None
    test_speed: TestSpeed | None = None


class TestAgentCall(InputModel):
    """The body of `POST /api/v1/calls/test-agent`: one of your agents, by its name."""

    __test__ = False
    messages: ClassVar[dict[str, str]] = {
        "user_id": _USER_MESSAGE,
        "user_context": _CONTEXT_MESSAGE,
        "metadata": METADATA_MESSAGE,
        "test_speed": f"test_speed {SPEED_MESSAGE}",
    }

    agent_name: Annotated[str, Field(min_length=1, max_length=100)]
    user_id: UserId
    user_context: UserContext = {}
    metadata: Metadata = {}
    test_speed: TestSpeed | None = None


class _PhoneFields(InputModel):
    messages: ClassVar[dict[str, str]] = {"phone": "Phone number must be in E.164 format (+1234567890)"}

    phone: Number


class OpenedCall(TypedDict):
    """The 201 answer: `token` joins the room at `url`, of a phone call to listen in."""

    call_id: str
    room_name: str
    token: str
    url: str
    status: str


@dataclass(frozen=True)
class WorkflowCallService:
    """Accepts calls by workflow, and test calls with one agent.

    `livekit_tenant_id(tenant_id)` returns the tenant's id if it has a LiveKit project of its own.
    """

    admission: CallAdmission
    outbound: OutboundCallService
    workflows: WorkflowRepository
    agents: AgentRepository
    user_contexts: UserContextRepository
    livekit_tenant_id: Callable[[str], str | None]

    def create(
        self,
        principal: Principal,
        request: WorkflowCall,
        *,
        source: str,
        idempotency_key: IdempotencyKey | None = None,
    ) -> AdmittedCall:
        """Accept a call by workflow.

        Raises:
            NotFound: the tenant has no such workflow.
            InvalidRequest: a field does not fit the workflow's channel, or its agent can't make the call.
            LiveKitNotConfigured: the tenant has no LiveKit project.
            QueueUnavailable, IdempotencyConflict, IdempotencyInProgress: as `CallAdmission.accept` says.
        """
        call = self.build(principal, request, source=source)
        return self.admission.accept(
            call, idempotency_key, self.user_contexts.writes(call, request.user_context)
        )

    def build(self, principal: Principal, request: WorkflowCall, *, source: str) -> Call:
        """Build the requested call without storing it; raises as `create` does."""
        workflow = self.workflows.usable(principal, request.workflow_slug)
        if workflow is None:
            raise NotFound("Workflow not found")
        team = self._team(workflow)
        self.outbound.require_livekit(principal)
        if workflow.channel is Channel.PHONE:
            return self._phone_call(principal, request, workflow, team, source)
        _refuse_phone_fields(request)
        return self._web_call(principal, request, workflow, team, source)

    def create_test(
        self,
        principal: Principal,
        request: TestAgentCall,
        *,
        source: str,
        idempotency_key: IdempotencyKey | None = None,
    ) -> AdmittedCall:
        """Accept a web call with one agent, without a workflow; raises as `create` does."""
        agent = self._agent(principal.tenant_mode, request.agent_name)
        if agent is None and not principal.livemode:
            agent = self._agent(principal.tenant_id, request.agent_name)
        if agent is None:
            raise NotFound("Agent not found")
        if agent.type != "voice":
            raise InvalidRequest("Agent must be a voice agent")
        self.outbound.require_livekit(principal)
        call = self._web_call(principal, request, None, [agent], source)
        return self.admission.accept(
            call, idempotency_key, self.user_contexts.writes(call, request.user_context)
        )

    def _agent(self, tenant_id: str, name: str) -> Agent | None:
        return self.agents.load(tenant_id, agent_id_for(tenant_id, name))

    def _team(self, workflow: Workflow) -> list[Agent]:
        team = [self._agent(workflow.tenant_id, name) for name in workflow.all_agents]
        if team[0] is None or team[0].status != "active":
            raise InvalidRequest("The workflow's entry agent must be active to make calls")
        return [agent for agent in team if agent]

    def _phone_call(
        self,
        principal: Principal,
        request: WorkflowCall,
        workflow: Workflow,
        team: Sequence[Agent],
        source: str,
    ) -> Call:
        agent = self.outbound.require_callable(principal, team[0])
        try:
            number = validated(_PhoneFields, {"phone": request.user_context.get("phone")}).phone
        except InvalidRequest as error:
            raise InvalidRequest(error.message, field="user_context.phone") from error
        window = request.calling_window.window(()) if request.calling_window else None
        caller_id = self.outbound.select_caller_id(principal, agent, request.caller_id, "caller_id")
        new_call = NewPhoneCall(
            agent=self.outbound.with_trunk(principal, agent),
            phone_number=number,
            caller_id=caller_id,
            priority=workflow.priority if request.priority is None else request.priority,
            redial=request.redial.policy() if request.redial else workflow.redial or agent.redial,
            window=window or workflow.window or agent.window,
            default_zone=self.outbound.default_zone(principal),
            earliest_at=None,
            expires_at=request.expires_at,
            speed=request.test_speed,
            metadata=request.metadata,
            source=source,
            workflow=WorkflowRef(workflow.slug, workflow.version),
            handoff_agents=_handoff_agents(team),
            user_id=request.user_id,
            field_names=WORKFLOW_FIELDS,
        )
        return new_phone_call(principal, new_call, self.admission.clock.wall_ms())

    def _web_call(
        self,
        principal: Principal,
        request: WorkflowCall | TestAgentCall,
        workflow: Workflow | None,
        team: Sequence[Agent],
        source: str,
    ) -> Call:
        now_ms, call_id = self.admission.clock.wall_ms(), str(uuid.uuid4())
        join_window_s = workflow.join_window_s if workflow else DEFAULT_JOIN_WINDOW_S
        require_test_for_speed(principal, request.test_speed, "test_speed")
        trunk_id, test_number = "", ""
        if not principal.livemode:
            trunk_id = self.outbound.test_trunks.get_or_create(principal.tenant_id).id
            test_number = _test_number(request.user_context)
        return Call(
            id=call_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            state=State.PENDING,
            version=1,
            sequence=1,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + join_window_s * 1000,
            agent=snapshot(team[0]),
            trunk_id=trunk_id,
            phone_number=test_number,
            caller_id="",
            priority=0,
            metadata_json=json.dumps(request.metadata),
            source=source,
            queue_position="",
            channel=Channel.WEB,
            workflow=WorkflowRef(workflow.slug, workflow.version) if workflow else None,
            handoff_agents=_handoff_agents(team),
            user_id=request.user_id,
            claim=1,
            room_name=room_name(call_id, 1),
            speed=request.test_speed,
            livekit_tenant_id=self.livekit_tenant_id(principal.tenant_id) if principal.livemode else None,
        )


def _handoff_agents(team: Sequence[Agent]) -> tuple[HandoffAgent, ...]:
    """Keep the agents that may take over from the entry agent as they are now."""
    return tuple(
        HandoffAgent(agent.id, agent.name, agent.livekit_agent_name, agent.tools) for agent in team[1:]
    )


def _test_number(user_context: dict[str, Any]) -> str:
    """Return the test number that decides how a simulated web call goes; other numbers are not stored."""
    number = user_context.get("phone")
    return number if isinstance(number, str) and number in TEST_NUMBERS else ""


def _refuse_phone_fields(request: WorkflowCall) -> None:
    for name in _PHONE_ONLY:
        if getattr(request, name) is not None:
            raise InvalidRequest(f"Validation error: {name} is for phone workflows", field=name)
