"""Routes of a call's context and of an agent's reports."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trunkline.call_control.agent_context import AgentCallContext
from trunkline.call_control.agent_reports import ReportResult
from trunkline.calls.report_schemas import REPORTER_TEXT, Reporter, Reports
from trunkline.core.validation import InputModel
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.rooms import CallAttemptRef

from ..bootstrap.base import agent_reports
from . import ATTEMPT_OVER, NO_CALL, PARAMETER_PATTERNS


class ContextQuery(InputModel):
    """Query parameters of the context: `reporter` is the one whose `next_sequence` is asked for."""

    messages: ClassVar[dict[str, str]] = {"reporter": REPORTER_TEXT}

    reporter: Reporter | None = Field(
        default=None, description="The job of an agent whose `next_sequence` is asked for."
    )


group = RouteGroup(not_found=NO_CALL, parameter_patterns=PARAMETER_PATTERNS)


@group.get("/agent/v1/calls/{call_id}/context", returns="The context.", errors=ATTEMPT_OVER)
def get_context(claim: CallAttemptRef, query: ContextQuery) -> AgentCallContext:
    """Read the context of the agent's call.

    It has the call, its workflow with the agents that may take over, what the backend sent about the person,
    and the workflow's variables.
    """
    return agent_reports().context(claim, query.reporter or "")


@group.post(
    "/agent/v1/calls/{call_id}/reports",
    idempotent=False,
    returns="Whether each report changed something.",
    errors=ATTEMPT_OVER,
    example={
        "reporter": "AJ_4nR8tYb6Lp1c",
        "reports": [{"type": "answered"}, {"type": "summary", "text": "All questions answered."}],
    },
)
def report_events(claim: CallAttemptRef, body: Reports) -> ReportResult:
    """Report events of the call.

    Reports are applied in order. One that comes twice or late changes nothing, so a request may be repeated.
    """
    return agent_reports().apply(claim, body.reports, body.reporter or "")
