"""Log of refused calls, for thirty days: why a number was not called though somebody asked for it.

A refusal is found by the number's hash, and shows its last digits only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import TrunklineError
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.core.phone_numbers import canonical_number
from trunkline.core.redaction import redact_for_logs, shown_value
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import E164, Bounded, InputModel
from trunkline.storage.keys.calls import refusal_key
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.newest_page import newest_page
from trunkline.storage.table import Put, Table

RETENTION_S = 30 * 24 * 3600
_MAX_NUMBER_LENGTH = 64
_MAX_MESSAGE_LENGTH = 300
_LAST = "~"


class RefusalQuery(InputModel):
    """Query parameters of `GET /api/v1/refusals`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "phone_number": "phone_number must be in E.164 format; write + as %2B",
        "cursor": MESSAGE,
    }

    phone_number: Annotated[str, Field(pattern=E164, description="The number that was to be called.")]
    limit: Annotated[int, Bounded(1, 100), Field(description="Refusals in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")


class RefusalView(TypedDict):
    """A refused call. `source` is what asked for it; `type` and `message` are those of the error."""

    at: str
    phone_number: str
    type: str
    message: str
    source: str
    request_id: str


class RefusalList(TypedDict):
    data: list[RefusalView]
    next_cursor: str | None


@dataclass(frozen=True)
class RefusalLog:
    """Stores and reads the refusals of a tenant and mode."""

    table: Table
    clock: Clock
    log: Logger

    def record(
        self, principal: Principal, body: Mapping[str, Any], error: TrunklineError, source: str
    ) -> None:
        """Store why a call was refused; a body without a number leaves no trace.

        If it cannot be stored, that is logged: the client has its answer anyway.
        """
        number = number_of(body)
        if number is None:
            return
        now_ms = self.clock.wall_ms()
        request_id = principal.actor.request_id
        key = refusal_key(principal.tenant_mode, canonical_number(number), now_ms, request_id)
        item: Item = key.as_item() | {"at_ms": now_ms, "number": shown_value(number), "type": error.type}
        item |= {"message": redact_for_logs(error.message)[:_MAX_MESSAGE_LENGTH], "source": source}
        item |= {"request_id": request_id, TTL: now_ms // 1000 + RETENTION_S}
        try:
            self.table.write(Put(item))
        except (BotoCoreError, ClientError):
            self.log.exception("refusal not stored")

    def page(self, principal: Principal, query: RefusalQuery) -> RefusalList:
        """Return a page of a number's refusals, newest first."""
        first = refusal_key(principal.tenant_mode, canonical_number(query.phone_number))
        last = decode_cursor(query.cursor, r"[0-9]{15}#[\w-]{0,128}") if query.cursor else _LAST
        found, more = newest_page(self.table, first, last, query.limit)
        return {"data": [_view(item) for item in found], "next_cursor": more and encode_cursor(more)}


def number_of(body: Mapping[str, Any]) -> str | None:
    """Return the number that a body asks to call, in the spelling of any of the routes."""
    context = body.get("user_context")
    phone = context.get("phone") if isinstance(context, Mapping) else None
    number = body.get("phoneNumber", body.get("phone_number", phone))
    if not isinstance(number, str) or not number.strip():
        return None
    return number.strip()[:_MAX_NUMBER_LENGTH]


def _view(item: Item) -> RefusalView:
    return {
        "at": iso_from_ms(item["at_ms"]),
        "phone_number": item["number"],
        "type": item["type"],
        "message": item["message"],
        "source": item["source"],
        "request_id": item["request_id"],
    }
