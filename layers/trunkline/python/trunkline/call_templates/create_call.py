"""Creation of a call from a rendered template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.call_control.admission import AdmittedCall
from trunkline.call_control.outbound import OutboundCall, OutboundCallService, ScheduledCall
from trunkline.call_control.refusals import RefusalLog
from trunkline.call_control.workflow_call_schemas import WorkflowCall
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.models import CallKind
from trunkline.core.errors import InvalidRequest, TrunklineError
from trunkline.core.validation import InputModel, require_known_fields, validated
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.workflows.repository import WorkflowRepository

BODIES: Mapping[CallKind, type[InputModel]] = {
    CallKind.WORKFLOW: WorkflowCall,
    CallKind.OUTBOUND: OutboundCall,
    CallKind.SCHEDULE: ScheduledCall,
}
"""The bodies that templates become."""


@dataclass(frozen=True)
class TemplateCallCreator:
    """Creates calls as the template's route does; `source` names what started them."""

    phones: OutboundCallService
    workflow_calls: WorkflowCallService
    source: str
    refusals: RefusalLog | None = None

    def __call__(
        self, principal: Principal, kind: CallKind, body: dict[str, Any], idempotency_key: IdempotencyKey
    ) -> AdmittedCall:
        """Create the call, or record why it is refused; raises as its route does."""
        try:
            return self._create(principal, kind, body, idempotency_key)
        except TrunklineError as error:
            if self.refusals:
                self.refusals.record(principal, body, error, self.source)
            raise

    def _create(
        self, principal: Principal, kind: CallKind, body: dict[str, Any], idempotency_key: IdempotencyKey
    ) -> AdmittedCall:
        if kind is CallKind.WORKFLOW:
            request = validated(WorkflowCall, body)
            return self.workflow_calls.create(
                principal, request, source=self.source, idempotency_key=idempotency_key
            )
        model: type[OutboundCall | ScheduledCall] = (
            ScheduledCall if kind is CallKind.SCHEDULE else OutboundCall
        )
        return self.phones.create(
            principal, validated(model, body), source=self.source, idempotency_key=idempotency_key
        )


CreateCall = Callable[[Principal, CallKind, dict[str, Any], IdempotencyKey], AdmittedCall]
"""Creates the call of a rendered body, once per idempotency key."""


@dataclass(frozen=True)
class TemplateTargets:
    """What templates name: a tenant's workflows and agents."""

    workflows: WorkflowRepository
    agents: AgentRepository

    def require(self, principal: Principal, kind: CallKind, body: Mapping[str, Any]) -> None:
        """Check that a body names a workflow or agent of the tenant, or a template for it.

        Raises:
            InvalidRequest: each call of it would be refused.
        """
        field, usable, what = (
            ("workflow_slug", self.workflows.usable, "a workflow")
            if kind is CallKind.WORKFLOW
            else ("agentId", self._agent, "an agent")
        )
        name = body.get(field)
        if not isinstance(name, str) or not ("{{" in name or usable(principal, name)):
            text = f"Validation error: body.{field} must name {what} of yours"
            raise InvalidRequest(text, field=f"body.{field}")

    def require_template(self, principal: Principal, kind: CallKind, body: Mapping[str, Any]) -> None:
        """Check what can be known of a template when it is stored: its fields, and what it names.

        Raises:
            InvalidRequest: a field is unknown, or the tenant has no such workflow or agent.
        """
        require_body_fields(kind, body)
        self.require(principal, kind, body)

    def _agent(self, principal: Principal, agent_id: str) -> Agent | None:
        return self.agents.usable(principal, agent_id.lower())


def in_body(error: InvalidRequest) -> InvalidRequest:
    """Return the error of a call as that of the template with it: `agentId` becomes `body.agentId`."""
    field = f"body.{error.field}" if error.field else "body"
    return InvalidRequest(f"body: {error.message}", field=field)


def require_body_fields(kind: CallKind, body: Mapping[str, Any]) -> None:
    """Check the names of a template's fields when it is stored: its values are checked when it is filled.

    Raises:
        InvalidRequest: a field is unknown.
    """
    try:
        require_known_fields(BODIES[kind], body)
    except InvalidRequest as error:
        raise in_body(error) from error
