"""Request schemas of webhooks and deliveries."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, field_validator

from trunkline.core.field_types import Moment
from trunkline.core.pagination import MESSAGE
from trunkline.core.redaction import HIDDEN_VALUE
from trunkline.core.validation import Bounded, InputModel
from trunkline.egress.address_policy import MAX_URL_LENGTH
from trunkline.egress.headers import is_valid_header_name, is_valid_header_value
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.events import PATTERNS, EventType
from trunkline.webhooks.models import HIDDEN_QUERY
from trunkline.webhooks.retry_policy import SCHEDULE_S

MAX_SECRET_OVERLAP_S = 7 * 86_400
MAX_WEBHOOK_HEADERS = 20
MAX_WEBHOOK_HEADER_LENGTH = 1024
_RESERVED_HEADERS = re.compile(r"(?i)webhook-.*|x-webhook-.*|content-type|user-agent")
_EVENTS_MESSAGE = (
    "filter.events must name events: "
    + ", ".join(event_type.value for event_type in EventType)
    + ", or groups: *, call.*, call.agent.*, trunk.*, webhook.*"
)
_HEADERS_MESSAGE = (
    f"headers must be at most {MAX_WEBHOOK_HEADERS} names of letters, digits and hyphens, "
    "not reserved by HTTP or Trunkline, with visible ASCII values; "
    f"write the values of all headers where {HIDDEN_VALUE} is shown"
)
MAX_RATE_PER_S = 100


class WebhookFilter(InputModel):
    """The events that a webhook receives, and the parts that they include; an empty list means all events."""

    events: Annotated[list[str], Field(max_length=50)] = []
    include_transcript: bool = False
    include_metrics: bool = False

    @field_validator("events")
    @classmethod
    def _are_known(cls, value: list[str]) -> list[str]:
        if unknown := sorted(set(value) - PATTERNS):
            raise ValueError(f"unknown event {unknown[0]}; {_EVENTS_MESSAGE}")
        return value


class WebhookSpec(InputModel):
    """A webhook: a URL and the events that it receives."""

    messages: ClassVar[dict[str, str]] = {
        "headers": _HEADERS_MESSAGE,
        "enabled": "enabled must be true or false",
    }

    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_LENGTH)]
    filter: WebhookFilter = WebhookFilter()
    max_attempts: Annotated[int, Bounded(1, len(SCHEDULE_S))] = 5
    description: Annotated[str, Field(max_length=500)] = ""
    headers: Annotated[
        dict[str, str],
        Field(max_length=MAX_WEBHOOK_HEADERS, description="Sent with each request; values are hidden."),
    ] = {}
    rate_limit_per_s: Annotated[
        int | None, Bounded(1, MAX_RATE_PER_S), Field(description="Requests per second; none: no limit.")
    ] = None
    enabled: bool = True

    @field_validator("url")
    @classmethod
    def _is_written_out(cls, value: str) -> str:
        if value.endswith(HIDDEN_QUERY):
            raise ValueError(f"write the query of the URL in place of {HIDDEN_VALUE}")
        return value

    @field_validator("headers")
    @classmethod
    def _are_allowed(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            is_valid = (
                is_valid_header_name(name)
                and is_valid_header_value(text)
                and len(text) <= MAX_WEBHOOK_HEADER_LENGTH
                and text != HIDDEN_VALUE
            )
            if not is_valid or _RESERVED_HEADERS.fullmatch(name):
                raise ValueError(_HEADERS_MESSAGE)
        return value


class Rotation(InputModel):
    """How long earlier secrets remain valid; 0 ends all of them at once."""

    overlap_seconds: Annotated[int, Bounded(0, MAX_SECRET_OVERLAP_S)] = 86_400


class Recovery(InputModel):
    """The time since which failed deliveries are sent again."""

    messages: ClassVar[dict[str, str]] = {
        "since": "since must be an ISO 8601 time with its offset",
        "cursor": MESSAGE,
    }

    since: Moment
    cursor: str | None = Field(
        default=None,
        description="The `next_cursor` of the previous response. Without it, a request within 15 minutes "
        "continues where the previous one stopped.",
    )


class DeliveryQuery(InputModel):
    """Filters of a webhook's deliveries; times are ISO 8601 with their offset."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "state": f"state must be one of {', '.join(DeliveryState)}",
        "event_type": f"event_type must be one of {', '.join(EventType)}",
        "since": "since must be an ISO 8601 time with its offset",
        "cursor": MESSAGE,
    }

    state: DeliveryState | None = Field(default=None, description="Deliveries in this state.")
    event_type: EventType | None = Field(default=None, description="Deliveries of this event.")
    call_id: str | None = Field(default=None, max_length=36, description="Events of one call.")
    since: Moment | None = Field(default=None, description="ISO 8601 time with its offset.")
    limit: Annotated[int, Bounded(1, 100), Field(description="Deliveries in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")
