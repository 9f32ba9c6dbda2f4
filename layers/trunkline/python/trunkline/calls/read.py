"""A call as its owner sees it: the flat form of the integration guide and, under `data`, the outbound
document's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from trunkline.calls.model import AttemptRecord, Call
from trunkline.calls.ownership import require_own, stored_id
from trunkline.calls.states import State, data_status, flat_status
from trunkline.calls.store import CallEvent, CallStore
from trunkline.dialing.queue import Queue, Standing
from trunkline.tenants.keys import Principal
from trunkline.times import iso_from_ms

ACCEPTED = "Outbound call queued. Poll GET /api/v1/calls/{id} for dial progress."


class AgentView(TypedDict):
    id: str
    name: str
    type: str


class CallSummary(TypedDict):
    id: str
    status: str
    agentId: str
    phoneNumber: str
    callerId: str
    startedAt: str
    agent: AgentView
    metadata: dict[str, Any]


class AttemptView(TypedDict):
    """One attempt that is over."""

    number: int
    room_name: str | None
    connecting_at: str | None
    answered_at: str | None
    ended_at: str
    reason: str
    sip_status_code: int | None


class AcceptedCall(TypedDict):
    """The 201 answer of `POST /calls/outbound`."""

    data: CallSummary
    message: str


class CallDetails(CallSummary):
    """The outbound document's form; ids are null until they are known."""

    roomId: str | None
    jobId: str | None
    agentJobId: str | None
    sipParticipantId: str | None
    sipCallId: str | None
    connectedAt: str | None
    endedAt: str | None
    duration: int | None
    summary: str | None
    failure_reason: str | None
    sip_status_code: int | None


class CallView(TypedDict):
    """The flat form, with the outbound document's under `data`; times are ISO 8601 in UTC."""

    call_id: str
    status: str
    status_reason: str | None
    queue_state: str | None
    queue_position: int | None
    estimated_start: str | None
    cancel_requested: bool
    room_name: str | None
    agent_id: str
    phone_number: str
    caller_id: str
    priority: int
    livemode: bool
    duration_seconds: int | None
    failure_reason: str | None
    sip_status_code: int | None
    metadata: dict[str, Any]
    attempts: list[AttemptView]
    created_at: str
    expires_at: str
    connecting_at: str | None
    answered_at: str | None
    ended_at: str | None
    timeline: list[dict[str, Any]]
    data: CallDetails


@dataclass(frozen=True)
class CallReader:
    """Reads calls on a tenant's behalf."""

    calls: CallStore
    queue: Queue

    def read(self, principal: Principal, call_id: str) -> CallView:
        """Return a call's whole story, and where it stands while it waits.

        Raises:
            NotFound: no such call, or one of another tenant or of the other mode.
        """
        found, events = self.calls.story(stored_id(call_id)) or (None, [])
        call = require_own(found, principal)
        return _view(call, events, self.queue.standing(call))


def accepted_answer(call: Call) -> AcceptedCall:
    """The 201 answer of `POST /calls/outbound`: always `queued`, however far the dial has come since."""
    return {"data": {**_summary(call), "status": "queued"}, "message": ACCEPTED}


def _view(call: Call, events: list[CallEvent], standing: Standing | None) -> CallView:
    ended_unhappily = call.ended and call.state is not State.COMPLETED
    return {
        "call_id": call.id,
        "status": flat_status(call.state),
        "status_reason": _status_reason(call),
        "queue_state": standing.state if standing else None,
        "queue_position": standing.position if standing else None,
        "estimated_start": _iso(standing.estimated_start_ms) if standing else None,
        "cancel_requested": call.cancel_requested_at_ms is not None,
        "room_name": call.room_name,
        "agent_id": call.agent.id,
        "phone_number": call.phone_number,
        "caller_id": call.caller_id,
        "priority": call.priority,
        "livemode": call.livemode,
        "duration_seconds": call.duration_s,
        "failure_reason": call.reason if ended_unhappily else None,
        "sip_status_code": call.sip_status_code,
        "metadata": json.loads(call.metadata_json),
        "attempts": [_attempt(record) for record in call.attempts],
        "created_at": iso_from_ms(call.created_at_ms),
        "expires_at": iso_from_ms(call.expires_at_ms),
        "connecting_at": _iso(call.connecting_at_ms),
        "answered_at": _iso(call.answered_at_ms),
        "ended_at": _iso(call.ended_at_ms),
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
        "status": data_status(call.state),
        "agentId": call.agent.id,
        "phoneNumber": call.phone_number,
        "callerId": call.caller_id,
        "startedAt": iso_from_ms(call.created_at_ms),
        "agent": {"id": call.agent.id, "name": call.agent.name, "type": call.agent.type},
        "metadata": json.loads(call.metadata_json) | ours,
    }


def _details(call: Call) -> CallDetails:
    failed = data_status(call.state) in ("failed", "cancelled")
    return {
        **_summary(call),
        "roomId": call.room_name,
        "jobId": call.dispatch_id,
        "agentJobId": call.agent_job_id,
        "sipParticipantId": call.sip_participant_id,
        "sipCallId": call.sip_call_id,
        "connectedAt": _iso(call.answered_at_ms),
        "endedAt": _iso(call.ended_at_ms),
        "duration": call.duration_s,
        "summary": call.summary,
        "failure_reason": call.reason if failed else None,
        "sip_status_code": call.sip_status_code,
    }


def _status_reason(call: Call) -> str | None:
    if call.state is State.CANCELLED:
        return "cancelled"
    return call.reason if call.ended else None


def _attempt(record: AttemptRecord) -> AttemptView:
    return {
        "number": record.number,
        "room_name": record.room_name,
        "connecting_at": _iso(record.connecting_at_ms),
        "answered_at": _iso(record.answered_at_ms),
        "ended_at": iso_from_ms(record.ended_at_ms),
        "reason": record.reason,
        "sip_status_code": record.sip_status_code,
    }


def _timeline(call: Call, events: list[CallEvent]) -> list[dict[str, Any]]:
    first = {"status": "initiated", "at": iso_from_ms(call.created_at_ms)}
    return [first] + [{"status": event.type, "at": iso_from_ms(event.at_ms)} | event.data for event in events]


def _iso(wall_ms: int | None) -> str | None:
    return None if wall_ms is None else iso_from_ms(wall_ms)
