"""Triggers in the table, and the outcomes of their events, which are kept for a week."""

from __future__ import annotations

from dataclasses import asdict

from trunkline.call_templates.models import EventOutcome
from trunkline.call_templates.repository import AutomationRepository, AutomationType
from trunkline.storage.keys.automations import trigger_entry, trigger_event_key, trigger_key
from trunkline.storage.table import Table
from trunkline.triggers.models import ReceivedEvent, Trigger, trigger_from_attributes

_EVENT_RETENTION_S = 7 * 86_400
_TRIGGERS = AutomationType(
    trigger_key, trigger_entry, trigger_event_key, _EVENT_RETENTION_S, trigger_from_attributes
)


class TriggerRepository(AutomationRepository[Trigger]):
    """A tenant's triggers; they are also found without the tenant, which an event does not name."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _TRIGGERS)

    def record(self, received: ReceivedEvent) -> None:
        """Record the outcome of an event."""
        self._record_outcome(received.trigger_id, received.at_ms, asdict(received))

    def received(self, trigger_id: str, limit: int) -> list[ReceivedEvent]:
        """Return the outcomes of the latest events, newest first."""
        return [
            ReceivedEvent(
                trigger_id=item["trigger_id"],
                at_ms=item["at_ms"],
                outcome=EventOutcome(item["outcome"]),
                event_id=item.get("event_id"),
                call_id=item.get("call_id"),
                error=item.get("error"),
            )
            for item in self._latest_outcomes(trigger_id, limit)
        ]
