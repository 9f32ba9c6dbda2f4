"""Publishing of events on the deployment's EventBridge bus, for the operators' other services.

An entry has at most 256 KB of UTF-8; ids and reasons stay far below.
Sources: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trunkline.core.json_text import json_text
from trunkline.webhooks.events import Event

SOURCE = "trunkline"


class PublishFailed(Exception):
    """The bus rejected an event; the stream retries it."""


@dataclass(frozen=True)
class EventBus:
    """Publishes the events of all tenants, without personal data.

    An event may be published twice, with the same id.
    """

    client: Any
    name: str

    def publish(self, event: Event) -> None:
        """Put an event on the bus.

        Raises:
            PublishFailed: the bus rejected it.
        """
        entry = {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": event.type.value,
            "Time": datetime.fromtimestamp(event.at_ms / 1000, UTC),
            "Detail": json_text(detail_of(event)),
        }
        response = self.client.put_events(Entries=[entry])
        if response["FailedEntryCount"]:
            raise PublishFailed(response["Entries"][0].get("ErrorCode", ""))


def detail_of(event: Event) -> dict[str, Any]:
    """Return the detail of an event: ids and reasons. Subscribers read the call for more."""
    detail: dict[str, Any] = {
        "id": event.id,
        "type": event.type.value,
        "created": event.at_ms // 1000,
        "tenant_id": event.tenant_id,
        "livemode": event.livemode,
        "data": dict(event.data),
    }
    if event.call_id:
        detail |= {"call_id": event.call_id, "sequence": event.sequence}
    return detail
