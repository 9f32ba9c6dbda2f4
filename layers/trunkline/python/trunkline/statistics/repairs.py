"""Log of the reconciler's repairs, for thirty days: which repair, of which call, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.calls.models import Call
from trunkline.core.clock import Clock
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import Bounded, InputModel
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.keys.statistics import repair_key
from trunkline.storage.keys.tenants import tenant_mode_of
from trunkline.storage.newest_page import newest_page
from trunkline.storage.table import Put, Table

_RETENTION_S = 30 * 24 * 3600
_LAST = "~"

REPAIR_TEXTS = {
    "kept_ending_applied": "The dialer stopped before it could apply the end that LiveKit had reported.",
    "slot_taken": "The call was counted towards a limit that was set while it was in progress.",
    "claim_returned": "The dialer stopped before it dialled, and the call went back to its line.",
    "dial_unknown": "The dialer stopped while it dialled, and LiveKit knew of no call: the attempt ended.",
    "adopted": "The dialer stopped while the phone rang, and the call was found answered.",
    "end_found": "The call had ended and no report of its end had come.",
    "overdue": "The call was open beyond the latest possible end of its line, and was ended.",
    "expired": "The call had waited until it expired, and was ended.",
    "hang_up_unconfirmed": "LiveKit did not confirm the hang-up in time, and the call was ended without it.",
    "leg_settled": "What was left of an ended call in LiveKit was removed.",
    "agent_lost": "The agent had left, no other one came, and the call was ended.",
    "agent_found": "The agent was found in the room, though no report of its arrival had come.",
    "web_not_joined": "Nobody joined the web call in time, and it was ended.",
    "web_agent_unavailable": "No agent joined the web call in time, and it was ended.",
    "web_agent_lost": "The agent of the web call had left, no other one came, and it was ended.",
    "web_agent_hangup": "The agent had left the web call, and it was ended.",
    "web_agent_found": "The agent was found in the room, though no report of its arrival had come.",
    "web_max_duration_reached": "The web call had reached its maximum duration, and was ended.",
    "web_room_closed": "The room of an ended web call was closed in LiveKit.",
}
"""What each repair did. A repair that is not here has its name alone."""


class RepairQuery(InputModel):
    """Query parameters of `GET /api/v1/repairs`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {"cursor": MESSAGE}

    limit: Annotated[int, Bounded(1, 100), Field(description="Repairs in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")


class RepairView(TypedDict):
    """One repair; `text` is a sentence that says what it did."""

    at: str
    call_id: str
    repair: str
    text: str | None


class RepairList(TypedDict):
    data: list[RepairView]
    next_cursor: str | None


@dataclass(frozen=True)
class RepairLog:
    """Stores and reads the repairs of a tenant's calls."""

    table: Table
    clock: Clock
    log: Logger

    def record(self, call: Call, repair: str) -> None:
        """Store a repair. One that cannot be stored is logged: the repair itself is done."""
        now_ms = self.clock.wall_ms()
        key = repair_key(tenant_mode_of(call.tenant_id, call.livemode), now_ms, call.id)
        item: Item = key.as_item() | {"at_ms": now_ms, "call_id": call.id, "repair": repair}
        try:
            self.table.write(Put(item | {TTL: now_ms // 1000 + _RETENTION_S}))
        except (BotoCoreError, ClientError):
            self.log.exception("repair not stored")

    def page(self, principal: Principal, query: RepairQuery) -> RepairList:
        """Return a page of repairs, newest first."""
        last = decode_cursor(query.cursor, r"[0-9]{15}#[0-9a-f-]{36}") if query.cursor else _LAST
        first = repair_key(principal.tenant_mode, 0, "0")
        found, more = newest_page(self.table, first, last, query.limit)
        return {"data": [_view(item) for item in found], "next_cursor": more and encode_cursor(more)}

    def count_since(self, principal: Principal, since_ms: int, limit: int) -> int:
        """Count the repairs since a time, up to `limit`."""
        first = repair_key(principal.tenant_mode, since_ms, "0")
        return self.table.count(first, _LAST, limit=limit)


def _view(item: Item) -> RepairView:
    return {
        "at": iso_from_ms(item["at_ms"]),
        "call_id": item["call_id"],
        "repair": item["repair"],
        "text": REPAIR_TEXTS.get(item["repair"]),
    }
