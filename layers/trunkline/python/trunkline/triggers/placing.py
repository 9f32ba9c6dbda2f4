"""From a trigger's filled body to its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunkline.calls.intake import Placed
from trunkline.calls.place import CallDesk, OutboundCall, ScheduledCall
from trunkline.calls.workflow_calls import WorkflowCall, WorkflowCallDesk
from trunkline.idempotency import Once
from trunkline.tenants.keys import Principal
from trunkline.triggers.model import CallKind, Trigger
from trunkline.validation import validated

_SOURCE = "trigger"


@dataclass(frozen=True)
class Placing:
    """Makes calls as the routes do whose bodies triggers fill."""

    phones: CallDesk
    workflow_calls: WorkflowCallDesk

    def __call__(self, principal: Principal, trigger: Trigger, wish: dict[str, Any], once: Once) -> Placed:
        """Make the call; raises as its route does."""
        match trigger.kind:
            case CallKind.WORKFLOW:
                request = validated(WorkflowCall, wish)
                return self.workflow_calls.place(principal, request, source=_SOURCE, once=once)
            case CallKind.OUTBOUND:
                outbound = validated(OutboundCall, wish)
                return self.phones.place(principal, outbound, source=_SOURCE, once=once)
            case CallKind.SCHEDULE:
                scheduled = validated(ScheduledCall, wish)
                return self.phones.schedule(principal, scheduled, source=_SOURCE, once=once)
