"""What a client may say about a webhook."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, field_validator

from trunkline.core.field_types import Moment
from trunkline.core.pagination import MESSAGE
from trunkline.core.validation import Bounded, InputModel
from trunkline.egress.address_policy import MAX_URL_LENGTH
from trunkline.egress.headers import is_valid_header_name, is_valid_header_value
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.events import PATTERNS, EventType
from trunkline.webhooks.models import AT_ONCE
from trunkline.webhooks.retry_policy import SCHEDULE_S

MAX_OVERLAP_S = 7 * 86_400
MAX_HEADERS = 20
MAX_HEADER_LENGTH = 1024
_OURS = re.compile(r"(?i)webhook-.*|x-webhook-.*|content-type|user-agent")
_EVENTS_MESSAGE = (
    "filter.events must name events: "
    + ", ".join(each.value for each in EventType)
    + ", or many at once: *, call.*, call.agent.*, trunk.*, webhook.*"
)
_HEADERS_MESSAGE = (
    f"headers must be at most {MAX_HEADERS} names (letters, digits, hyphens; none of HTTP's own or of ours) "
    "with visible ASCII values"
)
_RATE_MESSAGE = f"rate_limit_per_s must be 1 to {AT_ONCE}, or a multiple of {AT_ONCE} up to 100"


class WebhookFilter(InputModel):
    """Which events, and what they carry; no events means all of them."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    events: Annotated[list[str], Field(max_length=50)] = []
    include_transcript: bool = False
    include_metrics: bool = False

    @field_validator("events")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        if unknown := sorted(set(value) - PATTERNS):
            raise ValueError(f"unknown event {unknown[0]}; {_EVENTS_MESSAGE}")
        return value


class WebhookSpec(InputModel):
    """A webhook: where to send which events."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    messages: ClassVar[dict[str, str]] = {
        "headers": _HEADERS_MESSAGE,
        "rate_limit_per_s": _RATE_MESSAGE,
        "enabled": "enabled must be true or false",
    }

    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_LENGTH)]
    filter: WebhookFilter = WebhookFilter()
    max_attempts: Annotated[int, Bounded(1, len(SCHEDULE_S))] = 5
    description: Annotated[str, Field(max_length=500)] = ""
    headers: Annotated[
        dict[str, str], Field(max_length=MAX_HEADERS, description="Sent along; their values are not shown.")
    ] = {}
    rate_limit_per_s: Annotated[int | None, Field(ge=1, le=100, description=_RATE_MESSAGE)] = None
    enabled: bool = True

    @field_validator("headers")
    @classmethod
    def _harmless(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            plain = (
                is_valid_header_name(name) and is_valid_header_value(text) and len(text) <= MAX_HEADER_LENGTH
            )
            if not plain or _OURS.fullmatch(name):
                raise ValueError(_HEADERS_MESSAGE)
        return value

    @field_validator("rate_limit_per_s")
    @classmethod
    def _even(cls, value: int | None) -> int | None:
        if value and value > AT_ONCE and value % AT_ONCE:
            raise ValueError(_RATE_MESSAGE)
        return value


class Rotation(InputModel):
    """For how long the old secret still signs beside the new one; 0 ends it at once."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    overlap_seconds: Annotated[int, Bounded(0, MAX_OVERLAP_S)] = 86_400


class Recovery(InputModel):
    """Since when failed deliveries are to be sent again."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    messages: ClassVar[dict[str, str]] = {"since": "since must be an ISO 8601 time with its offset"}

    since: Moment


class DeliveryQuery(InputModel):
    """What a webhook's deliveries can be asked for; times are ISO 8601 with their offset."""

    model_config = ConfigDict(strict=False, frozen=True, extra="forbid")
    messages: ClassVar[dict[str, str]] = {
        "state": f"state must be one of {', '.join(DeliveryState)}",
        "event_type": f"event_type must be one of {', '.join(EventType)}",
        "since": "since must be an ISO 8601 time with its offset",
        "cursor": MESSAGE,
    }

    state: DeliveryState | None = None
    event_type: EventType | None = None
    call_id: Annotated[str | None, Field(max_length=36)] = None
    since: Moment | None = None
    limit: Annotated[int, Bounded(1, 100)] = 25
    cursor: str | None = None
