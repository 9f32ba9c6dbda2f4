"""Responses for calls: the flat fields and, under `data`, the second public vocabulary. Pure.

`docs/statuses.md` explains both.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from trunkline.calls.events import NOTHING_SAID, CallEvent, Transcript, Turn
from trunkline.calls.models import Call
from trunkline.calls.queue_status import QueueStatus
from trunkline.calls.reason_texts import QUEUE_TEXTS, reason_text
from trunkline.calls.response_schemas import (
    AcceptedCall,
    AttemptView,
    BatchRowRef,
    CallDetails,
    CallListItem,
    CallSummary,
    CallView,
    Metrics,
    ScheduledAnswer,
    TurnView,
)
from trunkline.calls.states import State, status_detail, status_v1
from trunkline.calls.value_objects import AttemptRecord
from trunkline.core.timestamps import iso_from_ms, iso_or_none

SCHEDULED = "Call scheduled. Poll GET /api/v1/calls/{id} for its progress."
ACCEPTED = "Outbound call queued. Poll GET /api/v1/calls/{id} for dial progress."


def accepted_answer(call: Call) -> AcceptedCall:
    """Build the 201 response of `POST /calls/outbound`: always `queued`, however far the dial has got."""
    return {"data": {**_summary(call), "status": "queued"}, "message": ACCEPTED}


def scheduled_answer(call: Call) -> ScheduledAnswer:
    """Build the 201 response of `POST /calls/schedule`; a call that is due now is `queued`."""
    times = {"earliestAt": iso_or_none(call.earliest_at_ms), "latestAt": iso_from_ms(call.expires_at_ms)}
    return {"data": {**_summary(call), **times}, "message": SCHEDULED}  # type: ignore[typeddict-item]


def call_view(
    call: Call,
    events: Sequence[CallEvent],
    standing: QueueStatus | None,
    said: Transcript = NOTHING_SAID,
) -> CallView:
    """Build the response of `GET /calls/{id}`."""
    ended_unhappily = call.is_terminal and call.state is not State.COMPLETED
    return {
        **list_item(call),
        "workflow_version": call.workflow.version if call.workflow else None,
        "queue_state": standing.state if standing else None,
        "queue_text": QUEUE_TEXTS[standing.state] if standing else None,
        "queue_position": standing.position if standing else None,
        "estimated_start": iso_or_none(standing.estimated_start_ms) if standing else None,
        "cancel_requested": call.cancel_requested_at_ms is not None,
        "room_name": call.room_name,
        "agent_history": agent_history(call),
        "failure_reason": call.reason if ended_unhappily else None,
        "reason_text": _reason_text(call),
        "sip_status_code": call.sip_status_code,
        "detail": call.detail,
        "summary": call.summary,
        "answering_machine": call.answering_machine,
        "transcript": [turn_view(turn) for turn in said.turns],
        "transcript_next_cursor": said.next_cursor,
        "metrics": metrics(call, said.message_count),
        "attempts": [_attempt(record) for record in call.attempts],
        "expires_at": iso_from_ms(call.expires_at_ms),
        "preparing_at": iso_or_none(call.claimed_at_ms),
        "connecting_at": iso_or_none(call.connecting_at_ms),
        "erased_at": iso_or_none(call.erased_at_ms),
        "batch": _batch(call),
        "last_event": call.sequence,
        "timeline": _timeline(call, events),
        "data": _details(call),
    }


def _summary(call: Call) -> CallSummary:
    ours = {
        "caller_id": call.caller_id,
        "from_phone_number": call.caller_id,
        "priority": call.priority,
        "source": call.source,
    }
    return {
        "id": call.id,
        "status": status_detail(call.state),
        "agentId": call.agent.id,
        "phoneNumber": call.phone_number or None,
        "callerId": call.caller_id or None,
        "startedAt": iso_from_ms(call.created_at_ms),
        "agent": {"id": call.agent.id, "name": call.agent.name, "type": call.agent.type},
        "metadata": json.loads(call.metadata_json) | ours,
    }


def _details(call: Call) -> CallDetails:
    failed = status_detail(call.state) in ("failed", "cancelled")
    return {
        **_summary(call),
        "roomId": call.room_name,
        "jobId": call.dispatch_id,
        "agentJobId": call.agent_job_id,
        "sipParticipantId": call.sip_participant_id,
        "sipCallId": call.sip_call_id,
        "connectedAt": iso_or_none(call.answered_at_ms),
        "endedAt": iso_or_none(call.ended_at_ms),
        "duration": call.duration_s,
        "summary": call.summary,
        "failure_reason": call.reason if failed else None,
        "sip_status_code": call.sip_status_code,
    }


def _batch(call: Call) -> BatchRowRef | None:
    row = call.batch_row
    return {"id": row.batch_id, "row": row.number, "row_id": row.name} if row else None


def _reason_text(call: Call) -> str | None:
    if not call.is_terminal or call.reason is None:
        return None
    return reason_text(call.reason, call.sip_status_code)


def status_reason(call: Call) -> str | None:
    if call.state is State.CANCELLED:
        return "cancelled"
    return call.reason if call.is_terminal else None


def _attempt(record: AttemptRecord) -> AttemptView:
    return {
        "number": record.number,
        "room_name": record.room_name,
        "connecting_at": iso_or_none(record.connecting_at_ms),
        "answered_at": iso_or_none(record.answered_at_ms),
        "ended_at": iso_from_ms(record.ended_at_ms),
        "reason": record.reason,
        "reason_text": reason_text(record.reason, record.sip_status_code),
        "sip_status_code": record.sip_status_code,
        "sip_call_id": record.sip_call_id,
        "detail": record.detail,
        "returned": record.returned,
    }


def turn_view(turn: Turn) -> TurnView:
    """Build a transcript entry."""
    return {
        "sequence": turn.sequence,
        "attempt": turn.attempt,
        "reporter": turn.reporter or None,
        "role": turn.role,
        "content": turn.content,
        "agent": turn.agent,
        "at": iso_or_none(turn.at_ms),
    }


def agent_history(call: Call) -> list[str]:
    """List the agents that had the call, in order; before the answer, none."""
    if not call.was_answered and not call.agent_turns:
        return []
    names = [call.agent.name, *(turn.agent for turn in call.agent_turns)]
    return [name for n, name in enumerate(names) if n == 0 or name != names[n - 1]]


def metrics(call: Call, message_count: int) -> Metrics:
    """Compute the metrics of a call."""
    rings = [record.connecting_at_ms for record in call.attempts if record.connecting_at_ms]
    first_ms = min([*rings, *([call.connecting_at_ms] if call.connecting_at_ms else [])], default=None)
    until_ms = call.answered_at_ms or call.ended_at_ms
    rang = call.connecting_at_ms and until_ms
    figures: Metrics = {
        "duration_seconds": call.duration_s,
        "agent_count": len(set(agent_history(call))),
        "message_count": message_count,
        "attempt_count": call.attempts_made,
        "wait_time_seconds": None if first_ms is None else (first_ms - call.created_at_ms) // 1000,
        "ring_time_seconds": (until_ms - call.connecting_at_ms) // 1000
        if rang and until_ms and call.connecting_at_ms
        else None,
    }
    if call.agent_metrics_json is not None:
        figures["agent"] = json.loads(call.agent_metrics_json)
    return figures


def _timeline(call: Call, events: Sequence[CallEvent]) -> list[dict[str, Any]]:
    first = {"status": "initiated", "at": iso_from_ms(call.created_at_ms)}
    return [first] + [{"status": event.type, "at": iso_from_ms(event.at_ms)} | event.data for event in events]


def list_item(call: Call) -> CallListItem:
    """Build a call's entry in a list."""
    return {
        "call_id": call.id,
        "status": status_v1(call.state),
        "status_reason": status_reason(call),
        "channel": call.channel.value,
        "workflow_slug": call.workflow.slug if call.workflow else None,
        "user_id": call.user_id,
        "agent_id": call.agent.id,
        "phone_number": call.phone_number or None,
        "caller_id": call.caller_id or None,
        "priority": call.priority,
        "earliest_at": iso_or_none(call.earliest_at_ms),
        "livemode": call.livemode,
        "duration_seconds": call.duration_s,
        "metadata": json.loads(call.metadata_json),
        "created_at": iso_from_ms(call.created_at_ms),
        "answered_at": iso_or_none(call.answered_at_ms),
        "ended_at": iso_or_none(call.ended_at_ms),
    }
