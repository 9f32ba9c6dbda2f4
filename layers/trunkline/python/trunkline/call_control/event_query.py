"""What `GET /api/v1/events` can be asked for: types, a call, a time, an order, waiting. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, field_validator, model_validator

from trunkline.core.field_types import Moment
from trunkline.core.pagination import MESSAGE, decode_cursor
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import UUID, Bounded, InputModel
from trunkline.webhooks.events import PATTERNS, EventType, matches
from trunkline.webhooks.feed_models import POSITION_FORM, FeedPosition

MAX_WAIT_S = 25
_TYPES = (
    "type must name events of docs/webhooks.md, or groups such as call.*, separated by commas: "
    + ", ".join(sorted(PATTERNS))
)


class Order(StrEnum):
    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


class EventQuery(InputModel):
    """Query parameters of `GET /api/v1/events`; times are ISO 8601 with their offset."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "type": _TYPES,
        "call_id": "call_id must be a UUID",
        "since": "since must be an ISO 8601 time with its offset",
        "until": "until must be an ISO 8601 time with its offset",
        "order": f"order must be one of {', '.join(Order)}",
        "wait": f"wait must be a whole number of seconds from 0 to {MAX_WAIT_S}",
        "cursor": MESSAGE,
    }

    type: str | None = Field(
        default=None,
        max_length=400,
        description="Event types, or groups such as `call.*`, separated by commas. Those whose scope the key "
        "lacks are left out; 403 if it lacks those of all.",
    )
    call_id: str | None = Field(default=None, pattern=UUID, description="Events of this call.")
    since: Moment | None = Field(
        default=None, description="Events recorded at this time or later: ISO 8601 with its offset."
    )
    until: Moment | None = Field(
        default=None, description="Events recorded before this time: ISO 8601 with its offset."
    )
    order: Order = Field(default=Order.OLDEST_FIRST, description="Which events come first.")
    limit: Annotated[int, Bounded(1, 100), Field(description="Events in a page.")] = 25
    cursor: str | None = Field(
        default=None,
        description="The `next_cursor` of the previous page, or the `position` of an earlier response: "
        "events behind it.",
    )
    wait: int = Field(
        default=0,
        ge=0,
        le=MAX_WAIT_S,
        description="Seconds to wait until there is an event behind the cursor. The response comes at once, "
        "with `poll_after_s`, while too many requests wait.",
    )

    @field_validator("type")
    @classmethod
    def _are_known(cls, value: str) -> str:
        if set(value.split(",")) - PATTERNS:
            raise ValueError(_TYPES)
        return value

    @field_validator("call_id")
    @classmethod
    def _lower_case(cls, value: str) -> str:
        return value.lower()

    @model_validator(mode="after")
    def _waits_for_the_newest(self) -> EventQuery:
        if self.wait and self.order is Order.NEWEST_FIRST:
            raise ValueError(f"wait cannot be combined with order={Order.NEWEST_FIRST}")
        return self

    @property
    def since_ms(self) -> int:
        """Return the first time that is asked for, in milliseconds."""
        return max(0, moment_ms(self.since)) if self.since else 0

    @property
    def until_ms(self) -> int | None:
        """Return the end of the time that is asked for, in milliseconds, which is excluded."""
        return moment_ms(self.until) if self.until else None

    @property
    def after(self) -> FeedPosition:
        """Return the position behind which the oldest events begin."""
        start = FeedPosition(max(0, self.since_ms - 1))
        cursor = self._cursor_position
        return cursor if cursor and cursor.at_ms >= start.at_ms else start

    @property
    def before_ms(self) -> int | None:
        """Return the time before which the newest events begin; None: they begin with the latest."""
        cursor = self._cursor_position
        ends = [end for end in (self.until_ms, cursor.at_ms if cursor else None) if end is not None]
        return min(ends, default=None)

    def wants_type(self, event_type: EventType) -> bool:
        """Tell whether a type is asked for."""
        return matches(self.type.split(",") if self.type else [], event_type)

    @property
    def _cursor_position(self) -> FeedPosition | None:
        return FeedPosition.parse(decode_cursor(self.cursor, POSITION_FORM)) if self.cursor else None
