"""Types of the bodies that webhooks receive; the OpenAPI document shows them. Pure."""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict

from trunkline.calls.response_schemas import Metrics
from trunkline.webhooks.events import EventType


class PayloadTurn(TypedDict):
    """One thing that was said."""

    role: str
    content: str
    agent: NotRequired[str]
    attempt: NotRequired[int]


class CallEventData(TypedDict):
    """A call at the moment of its event.

    `transcript` and `transcript_truncated` are there if the webhook asks for them, `metrics` likewise.
    """

    call_id: str
    room_name: str | None
    workflow_slug: str | None
    user_id: str | None
    status: str
    status_reason: str | None
    channel: str
    phone_number: str | None
    agent_id: str
    duration_seconds: int | None
    agent_history: list[str]
    metadata: dict[str, Any]
    transcript: NotRequired[list[PayloadTurn]]
    transcript_truncated: NotRequired[bool]
    transcript_url: NotRequired[str]
    metrics: NotRequired[Metrics]


class CallEndedData(CallEventData):
    """A call that has ended."""

    summary: str | None
    sip_status_code: int | None
    detail: str | None


class AgentChangedData(CallEventData):
    """A call that another agent took over."""

    agent: str | None
    attempt: int | None


class TrunkEventData(TypedDict):
    """A trunk that stopped or started dialling."""

    trunk_id: str
    reason: str


class WebhookDisabledData(TypedDict):
    """A webhook that was disabled."""

    webhook_id: str
    url: str
    reason: str


class PingData(TypedDict):
    """The webhook that was asked for a ping."""

    webhook_id: str


class WebhookEvent(TypedDict):
    """An event, the same in every delivery and attempt of it."""

    id: str
    type: str
    created: int
    tenant_id: str
    livemode: bool
    sequence: int | None
    data: Any


class FeedEvent(WebhookEvent):
    """An event of the feed: the `event` that webhooks receive, without transcript and metrics.

    `data` is that of its type; of a call that is deleted it has the `call_id` alone.
    """


class WebhookPayload(TypedDict):
    """The body of a request to a webhook."""

    event: WebhookEvent
    delivery_id: str
    attempt: int
    max_attempts: int


DATA_TYPES: dict[EventType, type] = {
    EventType.CALL_STARTED: CallEventData,
    EventType.CALL_CONNECTED: CallEventData,
    EventType.CALL_COMPLETED: CallEndedData,
    EventType.CALL_FAILED: CallEndedData,
    EventType.CALL_DISCONNECTED: CallEndedData,
    EventType.CALL_AGENT_CHANGED: AgentChangedData,
    EventType.TRUNK_PAUSED: TrunkEventData,
    EventType.TRUNK_RESUMED: TrunkEventData,
    EventType.WEBHOOK_DISABLED: WebhookDisabledData,
    EventType.WEBHOOK_PING: PingData,
}
"""The type of `data` in each event."""
