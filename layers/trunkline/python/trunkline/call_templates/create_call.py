"""From a filled body to its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunkline.auth.principal import Principal
from trunkline.call_control.admission import AdmittedCall
from trunkline.call_control.outbound import OutboundCall, OutboundCallService, ScheduledCall
from trunkline.call_control.workflow_calls import WorkflowCall, WorkflowCallService
from trunkline.call_templates.models import CallKind
from trunkline.core.validation import validated
from trunkline.storage.idempotency import IdempotencyKey


@dataclass(frozen=True)
class TemplateCallCreator:
    """Makes calls as the routes do whose bodies are filled; `source` is what starts them."""

    phones: OutboundCallService
    workflow_calls: WorkflowCallService
    source: str

    def __call__(
        self, principal: Principal, kind: CallKind, wish: dict[str, Any], once: IdempotencyKey
    ) -> AdmittedCall:
        """Make the call; raises as its route does."""
        match kind:
            case CallKind.WORKFLOW:
                request = validated(WorkflowCall, wish)
                return self.workflow_calls.place(principal, request, source=self.source, once=once)
            case CallKind.OUTBOUND:
                outbound = validated(OutboundCall, wish)
                return self.phones.place(principal, outbound, source=self.source, once=once)
            case CallKind.SCHEDULE:
                scheduled = validated(ScheduledCall, wish)
                return self.phones.schedule(principal, scheduled, source=self.source, once=once)
