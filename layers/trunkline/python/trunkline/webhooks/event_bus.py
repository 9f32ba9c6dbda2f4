"""Events on the deployment's EventBridge bus, for its team's other services.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trunkline.webhooks.events import Event

SOURCE = "trunkline"


class NotPublished(Exception):
    """The bus did not take an event: the stream sends it again."""


@dataclass(frozen=True)
class EventBus:
    """Publishes events of all tenants; none tells what was said of a person. The same event may come twice,
    with the same id."""

    client: Any
    name: str

    def publish(self, event: Event) -> None:
        """Put an event on the bus.

        Raises:
            NotPublished: the bus did not take it.
        """
        entry = {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": event.type.value,
            "Time": datetime.fromtimestamp(event.at_ms / 1000, UTC),
            "Detail": json.dumps(detail_of(event)),
        }
        answer = self.client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotPublished(answer["Entries"][0].get("ErrorCode", ""))


def detail_of(event: Event) -> dict[str, Any]:
    """What the bus is told: ids and reasons; who wants more asks for the call."""
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
