"""Calls by workflow (`POST /api/v1/calls`) and test calls with one agent, over web and phone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.agents.models import Agent, agent_id_for
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.call_control.admission import AdmittedCall, CallAdmission
from trunkline.call_control.outbound import OutboundCallService
from trunkline.call_control.phone_call_factory import (
    WORKFLOW_FIELDS,
    NewPhoneCall,
    new_phone_call,
    require_test_for_speed,
    snapshot,
)
from trunkline.call_control.workflow_call_schemas import (
    PHONE_ONLY_FIELDS,
    PhoneFields,
    TestAgentCall,
    WorkflowCall,
)
from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.test_numbers import TEST_NUMBERS
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import Channel, HandoffAgent, WorkflowRef
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.json_text import json_text
from trunkline.core.validation import validated
from trunkline.livekit.rooms import room_name
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.workflows.join_window import DEFAULT_JOIN_WINDOW_S
from trunkline.workflows.models import Workflow
from trunkline.workflows.repository import WorkflowRepository


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
        if earlier := self.admission.earlier(idempotency_key):
            return earlier
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
        if earlier := self.admission.earlier(idempotency_key):
            return earlier
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
            number = validated(PhoneFields, {"phone": request.user_context.get("phone")}).phone
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
            metadata_json=json_text(request.metadata),
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
            client_trace_id=principal.actor.trace_id or None,
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
    for name in PHONE_ONLY_FIELDS:
        if getattr(request, name) is not None:
            raise InvalidRequest(f"Validation error: {name} is for phone workflows", field=name)
