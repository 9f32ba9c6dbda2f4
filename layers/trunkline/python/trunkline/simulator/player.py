"""Simulation of test calls: runs the scripted steps that are due.

Steps go through the same services as LiveKit's webhooks and agents' reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.livekit_events import LiveKitEventHandler
from trunkline.calls import report_schemas as say
from trunkline.calls.models import Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Channel, Ending
from trunkline.core.clock import Clock
from trunkline.core.errors import StaleAttempt
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent
from trunkline.simulator import script
from trunkline.simulator.ids import job_id_of
from trunkline.simulator.script import ScheduledStep, scheduled_steps

_MAX_REMEMBERED_CALLS = 5_000


@dataclass(frozen=True)
class SimulationPlayer:
    """Runs steps; a repeated one is harmless, since the services detect it by its number or id."""

    calls: CallRepository
    livekit_events: LiveKitEventHandler
    reports: AgentReportService
    clock: Clock
    _done_steps: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def advance(self, trunk_id: str) -> int | None:
        """Run the steps that are due in the trunk's calls; return when the next is due (ms), or None."""
        following: list[int] = []
        open_ids = [*self.calls.in_progress_ids(trunk_id), *self.calls.waiting_ids(trunk_id)]
        for call_id in open_ids:
            call = self.calls.load(call_id)
            if call and (next_ms := self._advance_call(call)) is not None:
                following.append(next_ms)
        if len(self._done_steps) > _MAX_REMEMBERED_CALLS:
            self._done_steps.clear()
        return min(following, default=None)

    def _advance_call(self, call: Call) -> int | None:
        now_ms = self.clock.wall_ms()
        done = self._done_steps.setdefault((call.id, call.claim), set())
        for scheduled in scheduled_steps(call):
            if scheduled.at_ms > now_ms:
                return scheduled.at_ms
            step_id = hash((type(scheduled.step), scheduled.at_ms, scheduled.step))
            if step_id not in done:
                self._run_step(call, scheduled)
                done.add(step_id)
        after = self.calls.load(call.id) if done else None
        due_times = [scheduled.at_ms for scheduled in scheduled_steps(after)] if after else []
        return min((due_ms for due_ms in due_times if due_ms > now_ms), default=None)

    def _run_step(self, call: Call, scheduled: ScheduledStep) -> None:
        claim = CallAttemptRef(call.id, call.claim)
        match scheduled.step:
            case script.CallerJoined() | script.AgentJoined() | script.PersonLeft():
                self.livekit_events.handle(_event_of(call, claim, scheduled.step))
            case script.AgentMissing():
                missing = Ending(State.FAILED, Reason.AGENT_UNAVAILABLE)
                self._settle(call, lambda now: end_call(now, missing, scheduled.at_ms))
            case report:
                self._report(claim, _report_of(call, report))

    def _settle(self, call: Call, change: Callable[[Call], Change]) -> None:
        def decide(now: Call) -> Change | None:
            waits = not now.is_terminal and now.answered_at_ms is None
            return change(now) if waits else None

        self.calls.update(call.id, decide, self.clock.wall_ms())

    def _report(self, claim: CallAttemptRef, report: say.Report) -> None:
        try:
            self.reports.apply(claim, [report])
        except StaleAttempt:
            # The call was cancelled or erased in the meantime.
            return


def _report_of(call: Call, step: script.Report) -> say.Report:
    match step:
        case script.UtteranceSpoken(turns):
            spoken = [
                say.TurnReport(sequence=number, role=role, content=text, agent=_speaker(call, role))
                for number, role, text in turns
            ]
            return say.TranscriptReport(type="transcript", turns=spoken)
        case script.Answered(result):
            return say.AnsweringMachine(type="answering_machine", result=result)
        case script.SummaryReported(text):
            return say.Summary(type="summary", text=text)
        case script.AgentHungUp(reason):
            return say.Ended(type="ended", reason=reason)


def _event_of(call: Call, claim: CallAttemptRef, step: script.LiveKitStep) -> LiveKitEvent:
    event_id = f"EV_test_{type(step).__name__}_{claim.claim}"
    match step:
        case script.CallerJoined():
            return LiveKitEvent("participant_joined", claim, event_id, is_caller=True)
        case script.AgentJoined():
            return LiveKitEvent("participant_joined", claim, event_id, agent_job_id=job_id_of(claim))
        case script.PersonLeft(reason, status):
            return LiveKitEvent(
                "participant_left",
                claim,
                event_id,
                is_caller=call.channel is Channel.WEB,
                disconnect_reason=reason,
                sip_call_status=status,
            )


def _speaker(call: Call, role: str) -> str | None:
    return call.agent.name if role == "assistant" else None
