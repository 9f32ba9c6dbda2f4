"""What an endpoint is sent, exactly as the integration guide shows it. Pure but for the two stores it reads.

The call, its transcript and its metrics are read when sending: nothing of them is in a queue or a state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from trunkline.calls.events import NOTHING_SAID, Turn
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.responses import agent_history, metrics, status_reason
from trunkline.calls.states import State, status_v1
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.events import FINAL, EventType
from trunkline.webhooks.models import Endpoint

MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class Payloads:
    """Writes bodies; `api_url` is where a transcript that is too long can be fetched."""

    calls: CallRepository
    transcripts: TranscriptRepository
    api_url: str

    def body(self, delivery: Delivery, endpoint: Endpoint, attempt: int) -> bytes:
        """The body of one attempt."""
        data = self._data(delivery, endpoint)
        body = _written(delivery, data, attempt)
        if len(body) <= MAX_BYTES or "transcript" not in data:
            return body
        return self._cut(delivery, data, attempt, too_long_by=len(body) - MAX_BYTES)

    def _data(self, delivery: Delivery, endpoint: Endpoint) -> dict[str, Any]:
        known = json.loads(delivery.data_json)
        if delivery.call_id is None:
            return dict(known)
        call = self.calls.load(delivery.call_id)
        if call is None:
            return {"call_id": delivery.call_id}
        wants_said = endpoint.include_transcript or endpoint.include_metrics
        said = self.transcripts.read(call.id) if wants_said else NOTHING_SAID
        data = call_data(call, delivery.event_type, known)
        if endpoint.include_transcript:
            data["transcript"] = [_turn(turn) for turn in said.turns]
            data["transcript_truncated"] = said.next_cursor is not None
        if endpoint.include_metrics:
            data["metrics"] = metrics(call, said.message_count)
        if data.get("transcript_truncated"):
            data["transcript_url"] = self._url(call.id)
        return data

    def _cut(self, delivery: Delivery, data: dict[str, Any], attempt: int, *, too_long_by: int) -> bytes:
        """Leave out the last turns, as many as it takes."""
        data |= {"transcript_truncated": True, "transcript_url": self._url(delivery.call_id or "")}
        turns, over = list(data["transcript"]), too_long_by + 500
        while turns and over > 0:
            over -= len(_json(turns.pop()))
        return _written(delivery, data | {"transcript": turns}, attempt)

    def _url(self, call_id: str) -> str:
        return f"{self.api_url}/api/v1/calls/{call_id}/transcript"


def call_data(call: Call, event_type: EventType, known: dict[str, Any]) -> dict[str, Any]:
    """What an event says of its call.

    A call goes on while an event waits for its delivery: status, reason and duration are those of the
    event's moment, whenever it is sent.
    """
    final = event_type in FINAL
    data: dict[str, Any] = {
        "call_id": call.id,
        "room_name": call.room_name,
        "workflow_slug": call.workflow.slug if call.workflow else None,
        "user_id": call.user_id,
        "status": _status(call, event_type, str(known.get("entry", ""))),
        "status_reason": status_reason(call) if final else None,
        "channel": call.channel.value,
        "phone_number": call.phone_number or None,
        "agent_id": call.agent.id,
        "duration_seconds": call.duration_s if final else None,
        "agent_history": [] if event_type is EventType.CALL_STARTED else agent_history(call),
        "metadata": json.loads(call.metadata_json),
    }
    if final:
        data |= {"summary": call.summary, "sip_status_code": call.sip_status_code}
    if event_type is EventType.CALL_AGENT_CHANGED:
        data["agent"] = known.get("agent")
    return data


def _status(call: Call, event_type: EventType, entry: str) -> str:
    if event_type in FINAL:
        return status_v1(call.state)
    return "active" if event_type is not EventType.CALL_STARTED else status_v1(State(entry or "queued"))


def _turn(turn: Turn) -> dict[str, Any]:
    said = {"role": turn.role, "content": turn.content}
    return said | ({"agent": turn.agent} if turn.agent else {})


def _written(delivery: Delivery, data: dict[str, Any], attempt: int) -> bytes:
    event: dict[str, Any] = {
        "id": delivery.event_id,
        "type": delivery.event_type.value,
        "created": delivery.event_at_ms // 1000,
        "tenant_id": delivery.tenant_id,
        "livemode": delivery.livemode,
        "sequence": delivery.sequence,
        "data": data,
    }
    whole = {
        "event": event,
        "delivery_id": delivery.id,
        "attempt": attempt,
        "max_attempts": delivery.max_attempts,
    }
    return _json(whole)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
