"""Routes of a call's context and of an agent's reports."""

from __future__ import annotations

from typing import Any, ClassVar

from trunkline.calls.report_schemas import REPORTER_TEXT, Reporter, Reports
from trunkline.core.validation import InputModel
from trunkline.http_api.routing import RouteGroup
from trunkline.livekit.rooms import CallAttemptRef

from ..bootstrap.base import agent_reports
from . import PARAMETER_PATTERNS


class ContextQuery(InputModel):
    """Query parameters of the context: `reporter` is the one whose `next_sequence` is asked for."""

    messages: ClassVar[dict[str, str]] = {"reporter": REPORTER_TEXT}

    reporter: Reporter | None = None


group = RouteGroup(parameter_patterns=PARAMETER_PATTERNS)


@group.get("/agent/v1/calls/{call_id}/context")
def get_context(claim: CallAttemptRef, query: ContextQuery) -> Any:
    """Read the context of the agent's call."""
    return agent_reports().context(claim, query.reporter or "")


@group.post("/agent/v1/calls/{call_id}/reports")
def report_events(claim: CallAttemptRef, body: Reports) -> Any:
    """Report events of the call."""
    return agent_reports().apply(claim, body.reports, body.reporter or "")
