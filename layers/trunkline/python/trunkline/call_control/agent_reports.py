"""Agent reports: applies them to the call, and gives the agent its call's context."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from trunkline.calls.models import Call, Change
from trunkline.calls.report_schemas import (
    AgentChanged,
    Answered,
    AnsweringMachine,
    Ended,
    Report,
    Summary,
    TranscriptReport,
    Variables,
)
from trunkline.calls.report_transitions import (
    on_agent_changed,
    on_answering_machine,
    on_ended_by_agent,
    on_summary,
    on_transcript,
)
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import AgentTurn, HandoffAgent
from trunkline.core.clock import Clock
from trunkline.core.errors import StaleAttempt
from trunkline.livekit.agent_access import require_current_attempt
from trunkline.livekit.rooms import CallAttemptRef, room_name
from trunkline.workflows.models import Workflow, hidden_keys
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

LATE_MS = 24 * 3_600_000
"""How long after the end of a call reports are still accepted."""


class AgentCallContext(TypedDict):
    """Context of a call for its agent, without the keys that only tools may read."""

    call: dict[str, Any]
    agent: dict[str, Any]
    workflow: dict[str, Any] | None
    user_context: dict[str, Any]
    variables: dict[str, Any]


class ReportResult(TypedDict):
    """For each report, whether it changed something; repeated and late ones do not."""

    applied: list[bool]


@dataclass(frozen=True)
class AgentReportService:
    """Serves the agent of a call; `claim` comes from its LiveKit token.

    `run_is_alive` tells whether a dialer still waits for the answer. `close_room` may raise; then the
    agent reports the end again. `erase` deletes the call's linked items. `on_call_loaded` receives the call.
    """

    calls: CallRepository
    transcripts: TranscriptRepository
    workflows: WorkflowRepository
    user_contexts: UserContextRepository
    states: WorkflowStateRepository
    clock: Clock
    run_is_alive: Callable[[str], bool]
    close_room: Callable[[Call, str], None]
    erase: Callable[[str], None]
    on_call_loaded: Callable[[Call], None] = lambda _: None

    def context(self, claim: CallAttemptRef) -> AgentCallContext:
        """Return the call's context.

        Raises:
            NotFound: there is no such call.
            StaleAttempt: the agent's attempt is not the current one, or the call was erased.
        """
        call = self._current(claim)
        workflow = self._workflow(call)
        hidden = hidden_keys(workflow)
        said, variables = self.user_contexts.get(call), self.states.load(call).values
        return {
            "call": _call(call),
            "agent": {"id": call.agent.id, "name": call.agent.name},
            "workflow": {
                "slug": workflow.slug,
                "version": workflow.version,
                "name": workflow.name,
                "agents": _team(call),
                "tools": list(workflow.tools),
            }
            if workflow
            else None,
            "user_context": {name: value for name, value in said.items() if name not in hidden},
            "variables": {name: value for name, value in variables.items() if name not in hidden},
        }

    def apply(self, claim: CallAttemptRef, reports: Sequence[Report]) -> ReportResult:
        """Apply reports in their order.

        Raises:
            NotFound: there is no such call.
            StaleAttempt: the agent's attempt is not the current one, or the call was erased or ended a day
                ago.
        """
        call = self._current(claim)
        now_ms = self.clock.wall_ms()
        if call.ended_at_ms is not None and now_ms > call.ended_at_ms + LATE_MS:
            raise StaleAttempt
        stored = [self._store(call, report, now_ms) for report in reports]
        applied = [False] * len(reports)

        def decide(current: Call) -> Change | None:
            if current.erased_at_ms is not None:
                return None
            whole: Change | None = None
            for number, report in enumerate(reports):
                change = self._change(whole.call if whole else current, report, now_ms)
                applied[number] = change is not None
                if change:
                    whole = whole.merge(change) if whole else change
            return whole

        after = self.calls.update(call.id, decide, now_ms)
        if after is None or after.erased_at_ms is not None:
            # The call was erased in between, perhaps before these turns were stored: delete them, too.
            self.erase(call.id)
            raise StaleAttempt
        if after.agent_end_reason is not None and any(isinstance(report, Ended) for report in reports):
            self.close_room(after, room_name(claim.call_id, claim.claim))
        return {"applied": [was or did for was, did in zip(stored, applied, strict=True)]}

    def _current(self, claim: CallAttemptRef) -> Call:
        call = self.calls.load(claim.call_id)
        if call:
            self.on_call_loaded(call)
        return require_current_attempt(call, claim)

    def _change(self, call: Call, report: Report, now_ms: int) -> Change | None:
        match report:
            case Answered() | TranscriptReport():
                return self._answer(call, report, now_ms)
            case AgentChanged():
                return on_agent_changed(call, AgentTurn(report.sequence, report.agent, now_ms))
            case Summary():
                return on_summary(call, report.text)
            case AnsweringMachine():
                return on_answering_machine(call, report.result)
            case Ended():
                return on_ended_by_agent(call, report.reason, now_ms)
        return None

    def _answer(self, call: Call, report: Report, now_ms: int) -> Change | None:
        """Apply a reported answer; talk counts if an answer was reported whose dial may have died since."""
        was_reported = call.answer_reported_at_ms is not None and call.state is State.CONNECTING
        if not isinstance(report, Answered) and not was_reported:
            return None
        awaited = bool(call.owner) and self.run_is_alive(call.owner or "")
        return on_transcript(call, now_ms, dial_is_awaited=awaited)

    def _store(self, call: Call, report: Report, now_ms: int) -> bool:
        """Store transcript turns and variables before the call refers to them."""
        if isinstance(report, TranscriptReport):
            turns = [turn.turn() for turn in report.turns]
            return self.transcripts.append(call.id, turns, now_ms, call.ttl)
        if isinstance(report, Variables):
            return self._store_variables(call, report)
        return False

    def _store_variables(self, call: Call, report: Variables) -> bool:
        hidden = hidden_keys(self._workflow(call))
        changed = self.states.change(
            call, lambda state: state.after_report(report.sequence, report.values, hidden)
        )
        return changed is not None

    def _workflow(self, call: Call) -> Workflow | None:
        ref = call.workflow
        return self.workflows.version(call.tenant_id, ref.slug, ref.version) if ref else None


def _team(call: Call) -> list[dict[str, str]]:
    entry = HandoffAgent(call.agent.id, call.agent.name, call.agent.livekit_agent_name)
    return [
        {"name": agent.name, "livekit_agent_name": agent.livekit_agent_name}
        for agent in (entry, *call.handoff_agents)
    ]


def _call(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "channel": call.channel.value,
        "livemode": call.livemode,
        "user_id": call.user_id,
        "phone_number": call.phone_number or None,
        "caller_id": call.caller_id or None,
        "attempt": len(call.attempts) + 1,
        "metadata": json.loads(call.metadata_json),
    }
