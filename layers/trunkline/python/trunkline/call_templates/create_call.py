"""From a filled body to its call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.auth.principal import Principal
from trunkline.call_control.admission import AdmittedCall
from trunkline.call_control.outbound import OutboundCall, OutboundCallService, ScheduledCall
from trunkline.call_control.workflow_call_schemas import WorkflowCall
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.models import CallKind
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.workflows.repository import WorkflowRepository


@dataclass(frozen=True)
class TemplateCallCreator:
    """Makes calls as the routes do whose bodies are filled; `source` is what starts them."""

    phones: OutboundCallService
    workflow_calls: WorkflowCallService
    source: str

    def __call__(
        self, principal: Principal, kind: CallKind, body: dict[str, Any], idempotency_key: IdempotencyKey
    ) -> AdmittedCall:
        """Make the call; raises as its route does."""
        match kind:
            case CallKind.WORKFLOW:
                request = validated(WorkflowCall, body)
                return self.workflow_calls.create(
                    principal, request, source=self.source, idempotency_key=idempotency_key
                )
            case CallKind.OUTBOUND:
                outbound = validated(OutboundCall, body)
                return self.phones.create(
                    principal, outbound, source=self.source, idempotency_key=idempotency_key
                )
            case CallKind.SCHEDULE:
                scheduled = validated(ScheduledCall, body)
                return self.phones.create(
                    principal, scheduled, source=self.source, idempotency_key=idempotency_key
                )


CreateCall = Callable[[Principal, CallKind, dict[str, Any], IdempotencyKey], AdmittedCall]
"""Makes the call that a filled body asks for, once."""


def require_workflow(workflows: WorkflowRepository, principal: Principal, body: Mapping[str, Any]) -> None:
    """A body of `POST /calls` names a workflow of the tenant's; one that a template names is looked for when
    it is filled.

    Raises:
        InvalidRequest: it does not.
    """
    slug = body.get("workflow_slug")
    if isinstance(slug, str) and ("{{" in slug or workflows.usable(principal, slug)):
        return
    raise InvalidRequest("Validation error: body.workflow_slug must name a workflow of yours", field="body")
