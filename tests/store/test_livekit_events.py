"""Applying LiveKit's events to phone calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_livekit_events import LostAgentHarness, make_active_call
from tests.support.builders import SNAPSHOT, make_call, make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import NullRoomActions, RecordedWakeups, make_notifier
from trunkline.call_control.livekit_events import LiveKitEventHandler
from trunkline.calls.agent_transitions import replacement_overdue
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import answer_call, claim_call, record_intent, requeue
from trunkline.calls.value_objects import AgentLost, Channel
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent
from trunkline.storage.table import Table


def left(
    call: Call, claim: int = 1, status: str = "hangup", reason: str = "CLIENT_INITIATED"
) -> LiveKitEvent:
    return LiveKitEvent(
        "participant_left", CallAttemptRef(call.id, claim), disconnect_reason=reason, sip_call_status=status
    )


class Dialled:
    """A call that has been sent, with a handler of its events."""

    def __init__(self, table: Table, *, run_alive: bool) -> None:
        self.calls = CallRepository(table)
        self.removed: list[CallAttemptRef] = []
        clock = ManualClock()
        self.handler = LiveKitEventHandler(
            self.calls,
            make_notifier(RecordedWakeups(), clock),
            clock,
            lambda _: run_alive,
            NullRoomActions(self.removed.append),
        )
        self.calls.create(make_call())
        call = self.calls.apply(make_call(), claim_call(make_call(), "run-1", "r"), NOW_MS)
        self.call = self.calls.apply(
            call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=1), NOW_MS
        )

    def now(self) -> Call:
        call = self.calls.load(self.call.id)
        assert call is not None
        return call


def test_an_end_while_the_answer_is_awaited_is_kept(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    dialled.handler.handle(left(dialled.call))
    dialled.handler.handle(left(dialled.call))
    assert dialled.now().state is State.CONNECTING
    assert dialled.now().pending_ending is not None
    assert dialled.now().version == dialled.call.version + 1, "the replay changed nothing"


def test_an_end_is_applied_at_once_when_the_dialer_is_dead(table: Table) -> None:
    dialled = Dialled(table, run_alive=False)
    dialled.handler.handle(left(dialled.call, status="ringing", reason="USER_UNAVAILABLE"))
    assert (dialled.now().state, dialled.now().reason) == (State.FAILED, Reason.DIAL_NO_ANSWER)


def test_news_in_any_order_and_number_ends_an_active_call_once(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    dialled.calls.apply(dialled.call, answer_call(dialled.call, NOW_MS), NOW_MS)
    finished = LiveKitEvent("room_finished", CallAttemptRef(dialled.call.id, 1))
    for event in (left(dialled.call, claim=2), left(dialled.call), finished, left(dialled.call), finished):
        dialled.handler.handle(event)
    story = dialled.calls.load_with_events(dialled.call.id)
    assert story is not None
    assert (story[0].state, story[0].reason) == (State.COMPLETED, Reason.USER_HANGUP)
    assert [event.type for event in story[1]].count("completed") == 1


def test_a_room_that_finished_ends_an_active_call_whose_leave_was_lost(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    finished = LiveKitEvent("room_finished", CallAttemptRef(dialled.call.id, 1))
    dialled.handler.handle(finished)
    assert dialled.now().state is State.CONNECTING, "before the answer it tells nothing"
    dialled.calls.apply(dialled.call, answer_call(dialled.call, NOW_MS), NOW_MS)
    dialled.handler.handle(finished)
    assert (dialled.now().state, dialled.now().reason) == (State.COMPLETED, Reason.END_NOT_REPORTED)


def test_ids_are_written_while_it_rings(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    joined = LiveKitEvent(
        "participant_joined",
        CallAttemptRef(dialled.call.id, 1),
        sip_participant_id="PA_1",
        sip_call_id="SCL_1",
    )
    dialled.handler.handle(joined)
    assert (dialled.now().sip_participant_id, dialled.now().sip_call_id) == ("PA_1", "SCL_1")
    assert dialled.now().version == dialled.call.version


def test_news_about_a_call_nobody_knows_is_ignored(table: Table) -> None:
    handler = LiveKitEventHandler(
        CallRepository(table),
        make_notifier(RecordedWakeups(), ManualClock()),
        ManualClock(),
        lambda _: True,
        NullRoomActions(),
    )
    handler.handle(left(make_call()))
    handler.handle(
        LiveKitEvent(
            "participant_joined",
            CallAttemptRef(make_call().id, 1),
            sip_participant_id="PA_1",
            sip_call_id="SCL_1",
        )
    )
    assert CallRepository(table).load(make_call().id) is None


def test_a_leg_that_joins_a_call_that_has_ended_is_removed(table: Table) -> None:
    dialled = Dialled(table, run_alive=False)
    joined = LiveKitEvent(
        "participant_joined",
        CallAttemptRef(dialled.call.id, 1),
        sip_participant_id="PA_1",
        sip_call_id="SCL_1",
    )
    dialled.handler.handle(joined)
    assert dialled.removed == []
    dialled.handler.handle(left(dialled.call, status="ringing", reason="USER_UNAVAILABLE"))
    dialled.handler.handle(joined)
    assert dialled.removed == [CallAttemptRef(dialled.call.id, 1)]


def test_a_leg_of_an_older_claim_is_removed(table: Table) -> None:
    dialled = Dialled(table, run_alive=False)
    back = dialled.calls.apply(dialled.call, requeue(dialled.call, NOW_MS, why="x"), NOW_MS)
    dialled.calls.apply(back, claim_call(back, "run-2", "r2"), NOW_MS)
    dialled.handler.handle(
        LiveKitEvent(
            "participant_joined",
            CallAttemptRef(dialled.call.id, 1),
            sip_participant_id="PA_1",
            sip_call_id="SCL_1",
        )
    )
    assert dialled.removed == [CallAttemptRef(dialled.call.id, 1)]
    assert dialled.now().sip_participant_id is None


def test_a_web_call_that_lost_its_agent_ends_and_its_person_is_shown_out(table: Table) -> None:
    alone = LostAgentHarness(table, make_active_call())
    call = alone.lose()
    assert (call.state, call.reason, alone.asked) == (State.DISCONNECTED, Reason.AGENT_LOST, ["close_room"])


def test_a_phone_call_that_lost_its_agent_is_hung_up_and_says_so(table: Table) -> None:
    phone = make_active_call(channel=Channel.PHONE, trunk_id="trunk_1", phase=Phase.SETTLED)
    alone = LostAgentHarness(table, phone)
    assert alone.lose().state is State.ACTIVE
    assert alone.asked == ["hang_up"]
    alone.handler.handle(left(phone, status="hangup", reason="PARTICIPANT_REMOVED"))
    call = alone.calls.load(phone.id)
    assert call is not None
    assert (call.state, call.reason) == (State.DISCONNECTED, Reason.AGENT_LOST)


def test_an_agent_that_left_by_choice_or_not_alone_is_not_lost(table: Table) -> None:
    assert LostAgentHarness(table, make_active_call()).lose(reason="CLIENT_INITIATED").state is State.ACTIVE
    together = LostAgentHarness(MemoryTable(), make_active_call(), others=True)
    assert together.lose().state is State.ACTIVE
    assert together.asked == []


def test_a_lost_agent_is_sent_again_once(table: Table) -> None:
    agent = replace(SNAPSHOT, agent_lost=AgentLost.REDISPATCH)
    alone = LostAgentHarness(table, make_active_call(agent=agent))
    assert alone.lose().state is State.ACTIVE
    alone.lose()
    assert alone.asked == ["dispatch"]
    alone.handler.handle(
        LiveKitEvent("participant_joined", CallAttemptRef(alone.id, 1), "EV_2", agent_job_id="AJ_1")
    )
    assert alone.lose("EV_3").reason is Reason.AGENT_LOST
    assert alone.asked == ["dispatch", "close_room"]


def test_an_agent_that_cant_be_sent_again_ends_the_call(table: Table) -> None:
    agent = replace(SNAPSHOT, agent_lost=AgentLost.REDISPATCH)
    alone = LostAgentHarness(table, make_active_call(agent=agent), broken=True)
    assert alone.lose().reason is Reason.AGENT_LOST
    assert alone.asked == ["close_room"]


def test_an_agent_that_was_sent_again_and_does_not_come_is_not_waited_for() -> None:
    call = make_active_call(redispatched_at_ms=NOW_MS, agent_job_id=None)
    assert not replacement_overdue(call, NOW_MS + 1000)
    assert replacement_overdue(call, NOW_MS + 60_000)
    assert not replacement_overdue(replace(call, agent_job_id="AJ_2"), NOW_MS + 60_000)


def test_a_person_who_could_not_be_shown_out_is_shown_out_by_the_repeat(table: Table) -> None:
    alone = LostAgentHarness(table, make_active_call())
    alone.lose()
    alone.lose()
    assert alone.asked == ["close_room", "close_room"]


@pytest.mark.parametrize(("limit_s", "is_checked"), [(10, True), (75, True), (76, False)])
def test_a_web_call_whose_limit_comes_before_the_next_pass_is_checked_at_it(
    table: Table, limit_s: int, *, is_checked: bool
) -> None:
    checks: list[tuple[str, int]] = []
    calls, clock = CallRepository(table), ManualClock()
    actions = NullRoomActions(check_at=lambda *check: checks.append(check))
    notifier = make_notifier(RecordedWakeups(), clock)
    handler = LiveKitEventHandler(calls, notifier, clock, lambda _: False, actions)
    call = make_web_call(agent=replace(SNAPSHOT, max_call_duration_s=limit_s))
    calls.create(call)
    claim = CallAttemptRef(call.id, 1)
    for event in (
        LiveKitEvent("participant_joined", claim, "EV_1", is_caller=True),
        LiveKitEvent("participant_joined", claim, "EV_2", agent_job_id="AJ_1"),
        LiveKitEvent("participant_joined", claim, "EV_2", agent_job_id="AJ_1"),
    ):
        handler.handle(event)
    assert checks == ([(call.id, NOW_MS + limit_s * 1000)] if is_checked else [])
