"""Response models of calls. Pure."""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict


class CallAgent(TypedDict):
    id: str
    name: str
    type: str


class CallSummary(TypedDict):
    id: str
    status: str
    agentId: str
    phoneNumber: str | None
    callerId: str | None
    startedAt: str
    agent: CallAgent
    metadata: dict[str, Any]


class AttemptView(TypedDict):
    """One attempt that is over, or one INVITE of it that was `returned`: the carrier refused the pace."""

    number: int
    room_name: str | None
    connecting_at: str | None
    answered_at: str | None
    ended_at: str
    reason: str
    reason_text: str
    sip_status_code: int | None
    sip_call_id: str | None
    detail: str | None
    returned: bool


class TurnView(TypedDict):
    """One thing that was said; `agent` is who said it, of an assistant. The order is that of the list.

    `sequence` is a count of each `reporter`, which is a job of an agent; null: it gave no name.
    """

    sequence: int
    attempt: int | None
    reporter: str | None
    role: str
    content: str
    agent: str | None
    at: str | None


class ModelUseView(TypedDict):
    """What the conversation used of one model."""

    kind: str
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    characters: int
    audio_seconds: float
    requests: int


class LatencyView(TypedDict):
    """How long something took, over the turns in which the agent measured it."""

    of: str
    median_ms: int
    max_ms: int
    turns: int


class AgentMetrics(TypedDict):
    """Figures of the conversation in the last attempt, as the agent reported them."""

    models: list[ModelUseView]
    latencies: list[LatencyView]


class Metrics(TypedDict):
    """Whole seconds, and counts; null while they are not known.

    `wait_time_seconds`: from acceptance to the first ring, or to the person's joining; `ring_time_seconds`:
    of the last attempt, until the answer or its end. `agent` is there once the agent has reported figures.
    """

    duration_seconds: int | None
    agent_count: int
    message_count: int
    attempt_count: int
    wait_time_seconds: int | None
    ring_time_seconds: int | None
    agent: NotRequired[AgentMetrics]


class AcceptedCall(TypedDict):
    """The 201 answer of `POST /calls/outbound`."""

    data: CallSummary
    message: str


class ScheduledSummary(CallSummary):
    """`latestAt` is after when no attempt begins."""

    earliestAt: str
    latestAt: str


class ScheduledAnswer(TypedDict):
    """The 201 answer of `POST /calls/schedule`."""

    data: ScheduledSummary
    message: str


class CallDetails(CallSummary):
    """A call in camelCase, with the detailed status; ids are null until they are known."""

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


class CallListItem(TypedDict):
    """A call in a list; `GET /calls/{id}` has its whole story."""

    call_id: str
    status: str
    status_reason: str | None
    channel: str
    workflow_slug: str | None
    user_id: str | None
    agent_id: str
    phone_number: str | None
    caller_id: str | None
    priority: int
    earliest_at: str | None
    livemode: bool
    duration_seconds: int | None
    metadata: dict[str, Any]
    created_at: str
    answered_at: str | None
    ended_at: str | None


class BatchRowRef(TypedDict):
    """The row of a batch that a call is made of; `row_id` is the row's own `id`."""

    id: str
    row: int
    row_id: str | None


class CallView(CallListItem):
    """A call in snake_case, with its camelCase form under `data`; times are ISO 8601 in UTC.

    A transcript of more than 4 MB is not whole here: `transcript_next_cursor` says where
    `GET /calls/{id}/transcript` goes on.
    """

    workflow_version: int | None
    queue_state: str | None
    queue_text: str | None
    queue_position: int | None
    estimated_start: str | None
    cancel_requested: bool
    room_name: str | None
    agent_history: list[str]
    failure_reason: str | None
    reason_text: str | None
    sip_status_code: int | None
    detail: str | None
    summary: str | None
    answering_machine: str | None
    transcript: list[TurnView]
    transcript_next_cursor: str | None
    metrics: Metrics
    attempts: list[AttemptView]
    expires_at: str
    preparing_at: str | None
    connecting_at: str | None
    erased_at: str | None
    batch: BatchRowRef | None
    last_event: int
    timeline: list[dict[str, Any]]
    data: CallDetails


class PolledCallView(CallView):
    """A call that was asked for with `wait`.

    `poll_after_s` is there if the wait was cut short because too many requests wait: ask again in so many
    seconds.
    """

    poll_after_s: NotRequired[int]
