"""Entries of the events feed, and positions in it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.core.json_text import json_text
from trunkline.webhooks.events import Event, EventType

FEED_RETENTION_S = 30 * 86_400
POSITION_FORM = r"[0-9]{15}#[0-9]{0,15}"
"""The form of a position as text."""


@dataclass(frozen=True)
class FeedPosition:
    """A place in the feed: behind the entry with this time and number.

    `number` counts the entries of a tenant and mode; None: there is no entry, only the time, or it cannot be
    read.
    """

    at_ms: int
    number: int | None = None

    @property
    def text(self) -> str:
        """Return the position as cursors have it."""
        return f"{self.at_ms:015d}#{'' if self.number is None else self.number}"

    @classmethod
    def parse(cls, text: str) -> FeedPosition:
        """Read a text of `POSITION_FORM`."""
        at_ms, _, number = text.partition("#")
        return cls(int(at_ms), int(number) if number else None)


@dataclass(frozen=True)
class FeedEntry:
    """An event in the feed, and where it is; `event` is None if it cannot be read, or there is none."""

    position: FeedPosition
    event: Event | None


def attributes_of(event: Event, position: FeedPosition) -> dict[str, Any]:
    """Return the attributes of an entry; it has ids and reasons, and nothing of the person."""
    return {
        "number": position.number,
        "event_id": event.id,
        "type": event.type.value,
        "tenant_id": event.tenant_id,
        "livemode": event.livemode,
        "created_ms": event.at_ms,
        "data_json": json_text(dict(event.data)),
        "call_id": event.call_id,
        "sequence": event.sequence,
    }


def event_from_attributes(item: Mapping[str, Any]) -> Event:
    """Read a stored entry's event."""
    return Event(
        item["event_id"],
        EventType(item["type"]),
        item["tenant_id"],
        item["livemode"],
        item["created_ms"],
        json.loads(item["data_json"]),
        item.get("call_id"),
        item.get("sequence"),
    )
