"""Closed sets of values and formats of fields whose models are plain strings.

Models of responses are typed dictionaries of JSON values. What the code stores in them as an enumeration is
named here, so that generated clients have it, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from trunkline.auth.scopes import Scope
from trunkline.batches.models import BatchState, RowFormat
from trunkline.call_templates.models import CallKind, EventOutcome
from trunkline.calls.calling_policy import RetryOn
from trunkline.calls.reason_texts import QUEUE_TEXTS
from trunkline.calls.reasons import Reason
from trunkline.calls.report_schemas import AnsweringMachine, TurnReport
from trunkline.calls.states import State, status_detail, status_v1
from trunkline.calls.value_objects import AgentLost, Channel
from trunkline.core.validation import UUID
from trunkline.http_api.error_mapping import STATUS
from trunkline.tool_runtime.errors import FailureType
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.events import EventType

ERROR_TYPES = tuple(sorted({error.type for error in STATUS} | {"internal_error"}))
ROW_ERROR_TYPES = (
    *ERROR_TYPES,
    *("duplicate", "invalid_row", "missing_value", "not_imported", "row_too_large"),
)
"""Types of errors of a batch's rows: those of a call's request, and some of a file's."""

STATUSES = tuple(dict.fromkeys(status_v1(state) for state in State))
DETAILED_STATUSES = tuple(dict.fromkeys(status_detail(state) for state in State))
_KINDS = (CallKind.WORKFLOW, CallKind.OUTBOUND)
_CALLS = "CallListItem CallView PolledCallView"
_EVENT_DATA = "CallEventData CallEndedData AgentChangedData"
_TRUNKS = "TrunkSummary TrunkView TrunkActivity"
_KEYS = "ApiKeyView ApiKeyWithSecret"


def _of_model(model: type[BaseModel], field: str) -> list[str]:
    values: list[str] = model.model_json_schema()["properties"][field]["enum"]
    return values


_ENUMS: dict[tuple[str, str], Iterable[str]] = {
    (f"{_CALLS} {_EVENT_DATA} OpenedCall CancelResult", "status"): STATUSES,
    ("CallDetails CallSummary ScheduledSummary", "status"): DETAILED_STATUSES,
    (f"{_CALLS} {_EVENT_DATA}", "status_reason"): Reason,
    ("CallView PolledCallView CallDetails", "failure_reason"): Reason,
    ("AttemptView FailureCount ReasonCounts", "reason"): Reason,
    ("CallView PolledCallView WaitingView", "queue_state"): QUEUE_TEXTS,
    ("CallView PolledCallView", "answering_machine"): _of_model(AnsweringMachine, "result"),
    ("TurnView PayloadTurn", "role"): _of_model(TurnReport, "role"),
    (f"{_CALLS} {_EVENT_DATA} WorkflowView ContextCall", "channel"): Channel,
    ("AgentView CallAgent", "type"): ("voice", "chat"),
    ("AgentView", "status"): ("active", "inactive"),
    ("AgentView", "agent_lost"): AgentLost,
    ("RedialSpec", "retryOn"): RetryOn,
    ("RedialView", "retry_on"): RetryOn,
    ("WindowView", "days"): ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    (f"{_KEYS} SessionView", "scopes"): Scope,
    (_KEYS, "environment"): ("live", "test"),
    (_KEYS, "status"): ("active", "expired"),
    ("BatchView BatchSummary", "status"): BatchState,
    ("BatchView BatchSpec", "format"): RowFormat,
    ("BatchView BatchSpec", "same_numbers"): ("refuse", "call"),
    ("BatchSpec BatchView ScheduleSpec ScheduleChange ScheduleView", "kind"): _KINDS,
    ("TriggerSpec TriggerChange TriggerView TriggerWithSecret", "kind"): CallKind,
    ("BatchRowView", "status"): (*State, "refused", "waiting", "dropped", "deleted"),
    ("BatchRowView", "reason"): Reason,
    ("ExportView", "status"): ("none", "preparing", "ready", "failed"),
    ("TakenEvent RunView ReceivedView", "outcome"): EventOutcome,
    ("DeliveryView", "state"): DeliveryState,
    ("DeliveredEvent FeedEvent", "type"): EventType,
    ("HealthView", "state"): ("healthy", "failing", "resting"),
    ("BreakerView", "state"): ("closed", "open", "half_open"),
    ("TrunkActivity", "lane"): ("running", "backing_off", "idle"),
    ("ActionView TrialView InvocationView", "status"): ("succeeded", "failed"),
    ("ActionView TriedAction", "type"): ("api_call", "set_state", "transfer_agent", "end_call"),
    ("FailureView", "type"): FailureType,
    ("ErrorBody", "type"): ERROR_TYPES,
    ("BatchRowView", "error_type"): ROW_ERROR_TYPES,
    ("RefusalCounts", "type"): ROW_ERROR_TYPES,
    ("RefusalView", "type"): ERROR_TYPES,
    (_TRUNKS, "state"): ("paused", "dialing", "idle"),
    (_TRUNKS, "slowed_by"): ("livekit_slow", "carrier_too_fast"),
}
_VALUES = {
    (schema, field): [str(value) for value in values]
    for (schemas, field), values in _ENUMS.items()
    for schema in schemas.split()
}

_TIMES = frozenset(
    {"at", "since", "until", "eta", "starts_from", "estimated_start", "next_runs"}
    | {"open_until", "paused_until", "failing_since", "previous_secret_until"}
)
_WITH_UUID = "AgentView CallAgent CallDetails CallSummary ContextAgent ContextCall ScheduledSummary"
_UUIDS = frozenset((schema, "id") for schema in _WITH_UUID.split())
_ECHOED = frozenset({("CancelResult", "call_id")})
"""Ids as the request has them, which may be none."""
_URIS = frozenset(
    {(schema, "url") for schema in ("BatchUpload", "ExportView", "JoinToken", "OpenedCall", "TriggerView")}
    | {("TriggerWithSecret", "url"), ("LiveKitView", "webhook_url"), ("LiveKitView", "url")}
)


def refine(schema: str, field: str, value: dict[str, Any]) -> None:
    """Add the closed set of values, or the format, to the schema of a field."""
    for option in value.get("anyOf", [value]):
        target = option["items"] if option.get("type") == "array" else option
        if target.get("type") != "string" or "enum" in target:
            continue
        if values := _VALUES.get((schema, field)):
            target.pop("pattern", None)
            target["enum"] = values
        elif form := format_of(schema, field, target):
            target["format"] = form


def format_of(schema: str, field: str, target: dict[str, Any]) -> str | None:
    """Return the format of a string, by the name of its field or by its pattern."""
    if field.endswith(("_at", "At")) or field in _TIMES:
        return "date-time"
    if (schema, field) in _ECHOED:
        return None
    is_id = field in ("call_id", "agentId") or (field == "agent_id" and schema != "JobStateView")
    if is_id or target.get("pattern") == UUID or (schema, field) in _UUIDS:
        return "uuid"
    return "uri" if (schema, field) in _URIS else target.get("format")


def named_fields() -> set[tuple[str, str]]:
    """Return the fields that a set of values or a format is given by their schema and name."""
    return set(_VALUES) | _UUIDS | _URIS
