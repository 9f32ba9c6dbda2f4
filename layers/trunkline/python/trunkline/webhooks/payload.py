"""Bodies of deliveries, in the format of `docs/webhooks.md`.

The call, its transcript and its metrics are read when a body is sent, so that queues and states contain no
personal data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from trunkline.calls.events import NOTHING_SAID, Turn
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.responses import agent_history, metrics, status_reason
from trunkline.calls.states import State, status_v1
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core.json_text import json_text
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.events import FINAL, Event, EventType
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.payload_schemas import PayloadTurn, WebhookEvent, WebhookPayload

MAX_PAYLOAD_BYTES = 256 * 1024
_TRUNCATION_MARGIN_BYTES = 500
"""Room for the two fields that a truncated transcript adds."""


@dataclass(frozen=True)
class PayloadBuilder:
    """Builds bodies; a transcript that is too long is linked to at `api_url`."""

    calls: CallRepository
    transcripts: TranscriptRepository
    api_url: str

    def body(self, delivery: Delivery, endpoint: Endpoint, attempt: int) -> bytes:
        data = self._data(delivery, endpoint)
        body = _serialize(delivery, data, attempt)
        if len(body) <= MAX_PAYLOAD_BYTES or "transcript" not in data:
            return body
        return self._truncate_transcript(delivery, data, attempt, excess_bytes=len(body) - MAX_PAYLOAD_BYTES)

    def _data(self, delivery: Delivery, endpoint: Endpoint) -> dict[str, Any]:
        event = delivery.event
        call = self.calls.load(event.call_id) if event.call_id else None
        data = event_data(event, call)
        if call is None:
            return data
        needs_transcript = endpoint.include_transcript or endpoint.include_metrics
        transcript = self.transcripts.read(call.id) if needs_transcript else NOTHING_SAID
        if endpoint.include_transcript:
            data["transcript"] = [_turn(turn) for turn in transcript.turns]
            data["transcript_truncated"] = transcript.next_cursor is not None
        if endpoint.include_metrics:
            data["metrics"] = metrics(call, transcript.message_count)
        if data.get("transcript_truncated"):
            data["transcript_url"] = self._url(call.id)
        return data

    def _truncate_transcript(
        self, delivery: Delivery, data: dict[str, Any], attempt: int, *, excess_bytes: int
    ) -> bytes:
        """Leave out the last turns until the body is small enough."""
        data |= {"transcript_truncated": True, "transcript_url": self._url(delivery.call_id or "")}
        turns, excess_bytes = list(data["transcript"]), excess_bytes + _TRUNCATION_MARGIN_BYTES
        while turns and excess_bytes > 0:
            excess_bytes -= len(_json(turns.pop()))
        return _serialize(delivery, data | {"transcript": turns}, attempt)

    def _url(self, call_id: str) -> str:
        return f"{self.api_url}/api/v1/calls/{call_id}/transcript"


def webhook_event(event: Event, data: dict[str, Any]) -> WebhookEvent:
    """Return an event as every receiver gets it, with its data."""
    return {
        "id": event.id,
        "type": event.type.value,
        "created": event.at_ms // 1000,
        "tenant_id": event.tenant_id,
        "livemode": event.livemode,
        "sequence": event.sequence,
        "data": data,
    }


def event_data(event: Event, call: Call | None) -> dict[str, Any]:
    """Return the data of an event, without transcript and metrics; `call` is its call, if that exists."""
    if event.call_id is None:
        return dict(event.data)
    return call_data(call, event.type, dict(event.data)) if call else {"call_id": event.call_id}


def call_data(call: Call, event_type: EventType, event_data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a call's event.

    Status, reason and duration are those at the time of the event, whenever it is sent: the call may have
    changed since.
    """
    final = event_type in FINAL
    data: dict[str, Any] = {
        "call_id": call.id,
        "room_name": call.room_name,
        "workflow_slug": call.workflow.slug if call.workflow else None,
        "user_id": call.user_id,
        "status": _status(call, event_type, str(event_data.get("entry", ""))),
        "status_reason": status_reason(call) if final else None,
        "channel": call.channel.value,
        "phone_number": call.phone_number or None,
        "agent_id": call.agent.id,
        "duration_seconds": call.duration_s if final else None,
        "agent_history": [] if event_type is EventType.CALL_STARTED else agent_history(call),
        "metadata": json.loads(call.metadata_json),
    }
    if final:
        data |= {
            "summary": call.summary,
            "sip_status_code": call.sip_status_code,
            "detail": call.detail,
        }
    if event_type is EventType.CALL_AGENT_CHANGED:
        data |= {"agent": event_data.get("agent"), "attempt": event_data.get("attempt")}
    return data


def _status(call: Call, event_type: EventType, call_event: str) -> str:
    match event_type:
        case EventType.CALL_STARTED:
            # The first step of a call is named after its first state; any other name is no state of its own.
            return status_v1(State(call_event) if call_event in set(State) else State.QUEUED)
        case EventType.CALL_CONNECTED | EventType.CALL_AGENT_CHANGED:
            return "active"
        case EventType.CALL_COMPLETED | EventType.CALL_FAILED | EventType.CALL_DISCONNECTED:
            return status_v1(call.state)
        case (
            EventType.TRUNK_PAUSED
            | EventType.TRUNK_RESUMED
            | EventType.WEBHOOK_DISABLED
            | EventType.WEBHOOK_PING
        ):
            raise ValueError(f"{event_type} is not an event of a call")
    assert_never(event_type)


def _turn(turn: Turn) -> PayloadTurn:
    shown: PayloadTurn = {"role": turn.role, "content": turn.content}
    if turn.agent:
        shown["agent"] = turn.agent
    if turn.attempt:
        shown["attempt"] = turn.attempt
    return shown


def _serialize(delivery: Delivery, data: dict[str, Any], attempt: int) -> bytes:
    body: WebhookPayload = {
        "event": webhook_event(delivery.event, data),
        "delivery_id": delivery.id,
        "attempt": attempt,
        "max_attempts": delivery.max_attempts,
    }
    return _json(body)


def _json(value: Mapping[str, Any]) -> bytes:
    """Return JSON in UTF-8; half a surrogate pair, which UTF-8 does not have, becomes a question mark."""
    return json_text(value).encode(errors="replace")
