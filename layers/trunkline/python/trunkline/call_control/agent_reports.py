"""Agent reports: applies them to the call, and gives the agent its call's context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from typing_extensions import TypedDict

from trunkline.call_control.agent_context import (
    AgentCallContext,
    agent_context,
    call_context,
    workflow_context,
)
from trunkline.calls.agent_transitions import active_agent_name
from trunkline.calls.models import Call, Change
from trunkline.calls.report_schemas import (
    AgentChanged,
    Answered,
    AnsweringMachine,
    ConversationMetrics,
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
    on_metrics,
    on_summary,
    on_transcript,
)
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import AgentTurn
from trunkline.core.clock import Clock
from trunkline.core.errors import StaleAttempt
from trunkline.livekit.agent_access import require_current_attempt
from trunkline.livekit.rooms import CallAttemptRef, room_name
from trunkline.workflows.models import Workflow, hidden_keys
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state import NAMED, Reporter, WorkflowState
from trunkline.workflows.state_repository import WorkflowStateRepository

LATE_MS = 24 * 3_600_000
"""How long after the end of a call reports are still accepted."""


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

    def context(self, claim: CallAttemptRef, reporter: str = "") -> AgentCallContext:
        """Return the call's context; a reporter goes on counting at its `next_sequence`.

        Raises:
            NotFound: there is no such call.
            StaleAttempt: the agent's attempt is not the current one, or the call was erased.
        """
        call = self._current(claim)
        workflow = self._workflow(call)
        hidden = hidden_keys(workflow)
        said, state = self.user_contexts.get(call), self.states.load(call)
        return {
            "call": call_context(call),
            "agent": agent_context(call),
            "workflow": workflow_context(call, workflow),
            "user_context": {name: value for name, value in said.items() if name not in hidden},
            "variables": {name: value for name, value in state.values.items() if name not in hidden},
            "next_sequence": self._next_sequence(call, reporter, state),
        }

    def apply(self, claim: CallAttemptRef, reports: Sequence[Report], reporter: str = "") -> ReportResult:
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
        stored = self._store(call, reports, reporter, now_ms)
        applied = [False] * len(reports)

        def decide(current: Call) -> Change | None:
            if current.erased_at_ms is not None:
                return None
            whole: Change | None = None
            for number, report in enumerate(reports):
                change = self._change(whole.call if whole else current, report, reporter, now_ms)
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

    def _change(self, call: Call, report: Report, reporter: str, now_ms: int) -> Change | None:
        change = None
        match report:
            case Answered() | TranscriptReport():
                change = self._answer(call, report, now_ms)
            case AgentChanged():
                turn = AgentTurn(report.sequence, report.agent, now_ms, call.claim, reporter)
                change = on_agent_changed(call, turn)
            case Summary():
                change = on_summary(call, report.text)
            case AnsweringMachine():
                change = on_answering_machine(call, report.result)
            case ConversationMetrics():
                change = on_metrics(call, report.model_dump_json(exclude={"type"}))
            case Ended():
                change = on_ended_by_agent(call, report.reason, now_ms)
        return change

    def _answer(self, call: Call, report: Report, now_ms: int) -> Change | None:
        """Apply a reported answer; talk counts if an answer was reported whose dial may have died since."""
        was_reported = call.answer_reported_at_ms is not None and call.state is State.CONNECTING
        if not isinstance(report, Answered) and not was_reported:
            return None
        awaited = bool(call.owner) and self.run_is_alive(call.owner or "")
        return on_transcript(call, now_ms, dial_is_awaited=awaited)

    def _store(self, call: Call, reports: Sequence[Report], reporter: str, now_ms: int) -> list[bool]:
        """Store transcript turns and variables before the call refers to them; return which were new.

        A turn of an assistant that names no agent is that of the agent that has the call.
        """
        stored, agent = [], active_agent_name(call)
        for report in reports:
            is_new = False
            match report:
                case AgentChanged():
                    agent = report.agent
                case TranscriptReport():
                    turns = [
                        replace(turn.turn(), attempt=call.attempt_number, claim=call.claim, reporter=reporter)
                        for turn in report.turns
                    ]
                    is_new = self.transcripts.append(call.id, turns, now_ms, call.ttl, speaker=agent)
                case Variables():
                    is_new = self._store_variables(call, report, reporter)
            stored.append(is_new)
        return stored

    def _store_variables(self, call: Call, report: Variables, reporter: str) -> bool:
        hidden = hidden_keys(self._workflow(call))
        changed = self.states.change(
            call,
            lambda state: state.after_report(
                report.sequence, report.values, hidden, _counted_by(call, reporter)
            ),
        )
        return changed is not None

    def _next_sequence(self, call: Call, reporter: str, state: WorkflowState) -> int:
        """Return a number above all that a reporter used in this attempt."""
        changes = [
            turn.sequence
            for turn in call.agent_turns
            if (turn.claim, turn.reporter) == (call.claim, reporter)
        ]
        variables = state.last_sequence(_counted_by(call, reporter))
        known = max([*changes, variables, 0])
        return max(known + 1, self.transcripts.next_sequence(call.id, call.claim, reporter))

    def _workflow(self, call: Call) -> Workflow | None:
        ref = call.workflow
        return self.workflows.version(call.tenant_id, ref.slug, ref.version) if ref else None


def _counted_by(call: Call, reporter: str) -> Reporter:
    """Return who counts: a client that does not name its job is the one that LiveKit knows of."""
    return (call.claim, f"{NAMED}{reporter}" if reporter else call.agent_job_id or "")
