"""Plays the calls on a test trunk: does what is due by their scripts, with the desks that real news and
reports go through."""

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

_KEPT = 5_000


@dataclass(frozen=True)
class SimulationPlayer:
    """Each step may be repeated without harm: the desks know repeats by their numbers and ids."""

    calls: CallRepository
    news: LiveKitEventHandler
    reports: AgentReportService
    clock: Clock
    _played: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def advance(self, trunk_id: str) -> int | None:
        """Do what is due in the trunk's calls; returns when the next thing is, or None if there is none."""
        following: list[int] = []
        open_ids = [*self.calls.in_progress_ids(trunk_id), *self.calls.waiting_ids(trunk_id)]
        for call_id in open_ids:
            call = self.calls.load(call_id)
            if call and (next_ms := self._go_on(call)) is not None:
                following.append(next_ms)
        if len(self._played) > _KEPT:
            self._played.clear()
        return min(following, default=None)

    def _go_on(self, call: Call) -> int | None:
        now_ms = self.clock.wall_ms()
        done = self._played.setdefault((call.id, call.claim), set())
        for cue in scheduled_steps(call):
            if cue.at_ms > now_ms:
                return cue.at_ms
            place = hash((type(cue.step), cue.at_ms, cue.step))
            if place not in done:
                self._do(call, cue)
                done.add(place)
        after = self.calls.load(call.id) if done else None
        later = [cue.at_ms for cue in scheduled_steps(after) if cue.at_ms > now_ms] if after else []
        return min(later, default=None)

    def _do(self, call: Call, cue: ScheduledStep) -> None:
        claim = CallAttemptRef(call.id, call.claim)
        match cue.step:
            case script.CallerJoined() | script.AgentJoined() | script.PersonLeft():
                self.news.handle(_news(call, claim, cue.step))
            case script.AgentMissing():
                missing = Ending(State.FAILED, Reason.AGENT_UNAVAILABLE)
                self._settle(call, lambda now: end_call(now, missing, cue.at_ms))
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
            # It was cancelled or erased meanwhile: there is nobody to speak of.
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


def _news(call: Call, claim: CallAttemptRef, step: script.News) -> LiveKitEvent:
    told = f"EV_test_{type(step).__name__}_{claim.claim}"
    match step:
        case script.CallerJoined():
            return LiveKitEvent("participant_joined", claim, told, is_caller=True)
        case script.AgentJoined():
            return LiveKitEvent("participant_joined", claim, told, agent_job_id=job_id_of(claim))
        case script.PersonLeft(reason, status):
            return LiveKitEvent(
                "participant_left",
                claim,
                told,
                is_caller=call.channel is Channel.WEB,
                disconnect_reason=reason,
                sip_call_status=status,
            )


def _speaker(call: Call, role: str) -> str | None:
    return call.agent.name if role == "assistant" else None
