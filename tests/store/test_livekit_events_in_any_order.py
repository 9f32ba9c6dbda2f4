"""Calls whose events and reports are shuffled, repeated and lost: never backwards, and always ended."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders import make_call, make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import GUARD, NullRoomActions, PlaintextCipher, RecordedWakeups, make_notifier
from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.erase_call import erase_linked_items
from trunkline.call_control.livekit_events import LiveKitEventHandler
from trunkline.calls.models import Call
from trunkline.calls.report_schemas import Reports
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.transitions import claim_call, record_intent
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core.errors import StaleAttempt
from trunkline.core.logging import logger
from trunkline.core.validation import validated
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.web_calls import WebCallReconciler
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

ORDER = [State.PENDING, State.QUEUED, State.CONNECTING, State.ACTIVE]
LEFT = {"disconnect_reason": "CLIENT_INITIATED", "sip_call_status": "hangup"}


class GoneLiveKit:
    """By the time anybody asks, the room is gone."""

    async def agent_in_room(self, room: str) -> str | None:
        return None

    async def caller_is_in(self, room: str) -> bool:
        return False

    async def delete_room(self, room: str) -> None:
        return None


class Life:
    """One call, its event handler, its report service and its reconciler, on a table in memory."""

    def __init__(self, call: Call) -> None:
        table, self.clock = MemoryTable(), ManualClock()
        self.calls, self.transcripts = CallRepository(table), TranscriptRepository(table)
        self.claim = CallAttemptRef(call.id, 1)
        self.calls.create(call)
        notifier = make_notifier(RecordedWakeups(), self.clock)
        self.events = LiveKitEventHandler(
            self.calls, notifier, self.clock, lambda _: False, NullRoomActions()
        )
        self.reports = AgentReportService(
            calls=self.calls,
            transcripts=self.transcripts,
            workflows=WorkflowRepository(table),
            user_contexts=UserContextRepository(table, PlaintextCipher()),  # type: ignore[arg-type]
            states=WorkflowStateRepository(table, PlaintextCipher(), WorkflowRepository(table)),  # type: ignore[arg-type]
            clock=self.clock,
            run_is_alive=lambda _: False,
            close_room=lambda *_: None,
            erase=lambda call_id: erase_linked_items(table, call_id),
        )

    def dial(self) -> None:
        call = self.now()
        call = self.calls.apply(call, claim_call(call, "run", "room"), NOW_MS)
        self.calls.apply(
            call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=NOW_MS + 1), NOW_MS
        )

    def now(self) -> Call:
        call = self.calls.load(self.claim.call_id)
        assert call is not None
        return call

    def hear(self, what: str) -> None:
        self.clock.move_s(1)
        if what in EVENTS:
            values: dict[str, Any] = dict(EVENTS[what])
            self.events.handle(LiveKitEvent(values.pop("event"), self.claim, f"EV_{what}", **values))
            return
        report = validated(Reports, {"reports": [REPORTS[what]]})
        try:
            self.reports.apply(self.claim, report.reports)
        except StaleAttempt:
            assert self.now().is_terminal

    def look_after(self) -> None:
        """The reconciler, an hour later."""
        self.clock.move_s(3600)

        async def run_inline(work: Any, *args: Any) -> Any:
            return work(*args)

        async def gone(_: Call) -> GoneLiveKit:
            return GoneLiveKit()

        notifier = make_notifier(RecordedWakeups(), self.clock)
        frame = CallRepairFrame(self.calls, notifier, self.clock, run_inline, logger("test"))
        reconciler = WebCallReconciler(frame, gone, GUARD)
        asyncio.run(reconciler.repair(self.claim.call_id))


EVENTS: dict[str, dict[str, Any]] = {
    "caller_joined": {"event": "participant_joined", "is_caller": True},
    "agent_joined": {"event": "participant_joined", "agent_job_id": "AJ_1"},
    "caller_left": {"event": "participant_left", "is_caller": True, **LEFT},
    "callee_joined": {"event": "participant_joined", "sip_participant_id": "PA", "sip_call_id": "SCL"},
    "callee_left": {"event": "participant_left", **LEFT},
    "agent_left": {"event": "participant_left", "agent_job_id": "AJ_1"},
    "room_finished": {"event": "room_finished"},
}
REPORTS: dict[str, dict[str, Any]] = {
    "answered": {"type": "answered"},
    "turns": {"type": "transcript", "turns": [{"sequence": 1, "role": "user", "content": "x"}]},
    "changed": {"type": "agent_changed", "agent": "support", "sequence": 1},
    "summary": {"type": "summary", "text": "fine"},
    "ended": {"type": "ended"},
}


@st.composite
def hearings(draw: st.DrawFn, names: list[str]) -> list[str]:
    """The story in another order, some of it twice and about a third of it lost."""
    kept = [name for name in names if draw(st.integers(0, 9)) >= 3]
    doubled = kept + [name for name in kept if draw(st.booleans())]
    return draw(st.permutations(doubled))


WEB_STORY = ["caller_joined", "agent_joined", "caller_left", "agent_left", "room_finished", *REPORTS]
PHONE_STORY = ["callee_joined", "agent_joined", "callee_left", "agent_left", "room_finished", *REPORTS]
RARELY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def live(life: Life, story: list[str]) -> None:
    for what in story:
        before = life.now()
        life.hear(what)
        after = life.now()
        if before.is_terminal:
            assert (after.state, after.reason) == (before.state, before.reason)
        elif not after.is_terminal:
            assert ORDER.index(after.state) >= ORDER.index(before.state)
        heard_once = after
        life.hear(what)
        assert life.now() == heard_once, f"{what} again changes nothing"


@RARELY
@given(hearings(WEB_STORY))
def test_a_web_call_never_goes_backwards_and_always_ends(story: list[str]) -> None:
    life = Life(make_web_call(room_name="room"))
    live(life, story)
    life.look_after()
    assert life.now().is_terminal


@RARELY
@given(hearings(PHONE_STORY))
def test_a_phone_call_never_goes_backwards(story: list[str]) -> None:
    """Its end, when all events are lost, is the reconciler's: `tests/unit/test_dial_protocol.py`."""
    life = Life(make_call())
    life.dial()
    live(life, story)
    if "callee_left" in story:
        assert life.now().is_terminal
