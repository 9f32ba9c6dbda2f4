"""`retryOn: voicemail`: a call that a machine took is dialled again, and the next attempt starts afresh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_call_ends import Events
from tests.store.fixtures_reconciler import DEAD_RUN_S, ReconcilerHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.models import Call, Change
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.reasons import Reason
from trunkline.calls.report_transitions import on_answering_machine, on_ended_by_agent
from trunkline.calls.states import State
from trunkline.calls.transitions import (
    answer_call,
    claim_call,
    enqueue_due,
    record_intent,
    request_cancel,
    store_pending_ending,
)
from trunkline.calls.value_objects import Ending, WaitsFor
from trunkline.dialer.apply_result import apply_dial_result
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind

AGAIN = RedialPolicy(2, ("voicemail",), (60,))
HANG_UPS = {"agent": ("PARTICIPANT_REMOVED", "active"), "machine": ("CLIENT_INITIATED", "hangup")}
ANSWERED = DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")


def changed(call: Call, **values: Any) -> Change:
    return Change(replace(call, **values))


class Talk:
    """One call whose attempts are answered, on a reconciler's table."""

    def __init__(self, reconciler: ReconcilerHarness, **values: Any) -> None:
        self.reconciler, self.events, self.calls = reconciler, Events(reconciler), reconciler.calls
        self.calls.create(make_call(**({"redial": AGAIN} | values)))

    def dialled(self) -> Call:
        call, now_ms = self.reconciler.now(), self.reconciler.clock.now_ms
        call = self.calls.apply(call, claim_call(call, "run-1", f"call-{call.id}"), now_ms)
        return self.calls.apply(call, record_intent(call, now_ms, intent="i", token_expires_at_ms=1), now_ms)

    def answered(self) -> Call:
        call, now_ms = self.dialled(), self.reconciler.clock.now_ms
        return self.calls.apply(call, answer_call(call, now_ms, sip_participant_id="PA_1"), now_ms)

    def machine(self, result: str = "machine") -> Call:
        return self.update(lambda call: on_answering_machine(call, result))

    def update(self, decide: Any) -> Call:
        call = self.calls.update(make_call().id, decide, self.reconciler.clock.now_ms)
        assert call is not None
        return call

    def left(self, who: str = "agent", claim: int = 1) -> Call:
        self.reconciler.clock.move_s(3)
        reason, status = HANG_UPS[who]
        return self.events.hear(
            "participant_left",
            self.reconciler.clock.now_ms,
            of_claim=claim,
            disconnect_reason=reason,
            sip_call_status=status,
        )

    def due(self) -> Call:
        self.reconciler.clock.move_s(61)
        now_ms = self.reconciler.clock.now_ms
        place = QueuePosition("tenant-1", 5, False, now_ms * 1000, make_call().id)
        return self.update(lambda call: enqueue_due(call, place.key, now_ms))


@pytest.fixture
def talk(reconciler: ReconcilerHarness) -> Talk:
    return Talk(reconciler)


@pytest.mark.parametrize("word", ["machine", "machine-vm", "machine-unavailable"])
@pytest.mark.parametrize("who", HANG_UPS)
def test_a_call_that_a_machine_took_waits_for_its_next_attempt(talk: Talk, word: str, who: str) -> None:
    talk.answered()
    talk.machine(word)
    call = talk.left(who)
    assert (call.state, call.waits_for, call.due_ms) == (State.QUEUED, WaitsFor.RETRY, NOW_MS + 63_000)
    assert (call.phase, call.answered_at_ms, call.duration_s, call.was_answered) == (None, None, None, False)
    record = call.attempts[-1]
    assert (record.number, record.reason) == (1, Reason.VOICEMAIL_REACHED)
    assert (record.answered_at_ms, record.ended_at_ms) == (NOW_MS, NOW_MS + 3_000)
    assert talk.events.wakeups.delays_s == [60], "its trunk is woken when it is due"
    _, timeline = talk.calls.load_with_events(call.id) or pytest.fail("no call")
    assert (timeline[-1].type, timeline[-1].data["reason"]) == ("queued", "voicemail_reached")


def test_what_was_said_of_the_machine_says_nothing_of_the_person(talk: Talk) -> None:
    talk.answered()
    talk.machine()
    talk.update(lambda call: on_ended_by_agent(call, "voicemail", NOW_MS))
    talk.left()
    talk.machine()  # a late repeat, while the call waits
    talk.due()
    call = talk.answered()
    assert (call.answering_machine, call.agent_end_reason) == (None, None)
    assert (call.claim, call.answered_at_ms) == (2, talk.reconciler.clock.now_ms)
    call = talk.left(claim=2)
    assert (call.state, call.reason, call.duration_s) == (State.COMPLETED, Reason.AGENT_HANGUP, 3)
    assert [record.reason for record in call.attempts] == [Reason.VOICEMAIL_REACHED, Reason.AGENT_HANGUP]


def test_the_last_attempt_ends_the_call_as_voicemail(talk: Talk) -> None:
    for claim in (1, 2):
        talk.answered()
        talk.machine()
        call = talk.left(claim=claim)
        if claim == 1:
            talk.due()
    assert (call.state, call.reason, call.duration_s) == (State.COMPLETED, Reason.VOICEMAIL_REACHED, 3)
    assert len(call.attempts) == 2


@pytest.mark.parametrize("word", [None, "human", "machine-ivr", "uncertain", "unknown"])
def test_who_reached_a_person_or_a_menu_is_not_called_again(talk: Talk, word: str | None) -> None:
    talk.answered()
    if word:
        talk.machine(word)
    assert talk.left().state is State.COMPLETED


def test_without_the_word_a_machine_ends_the_call(reconciler: ReconcilerHarness) -> None:
    talk = Talk(reconciler, redial=RedialPolicy(3, ("busy", "no_answer", "unknown"), (1,)))
    talk.answered()
    talk.machine()
    assert (talk.left().state, reconciler.now().reason) == (State.COMPLETED, Reason.VOICEMAIL_REACHED)


def test_a_redial_after_the_deadline_is_not_waited_for(reconciler: ReconcilerHarness) -> None:
    talk = Talk(reconciler, expires_at_ms=NOW_MS + 62_000)
    talk.answered()
    talk.machine()
    assert talk.left().reason is Reason.VOICEMAIL_REACHED


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (lambda call: request_cancel(call, NOW_MS), Reason.HANGUP_REQUESTED),
        (lambda call: changed(call, agent_lost_at_ms=NOW_MS), Reason.AGENT_LOST),
    ],
    ids=["cancelled", "agent lost"],
)
def test_a_call_that_was_to_end_is_not_dialled_again(talk: Talk, mark: Any, reason: Reason) -> None:
    talk.answered()
    talk.machine()
    talk.update(mark)
    call = talk.left()
    assert (call.is_terminal, call.reason) == (True, reason)


def test_an_end_that_came_before_the_dials_answer_is_redialled_too(talk: Talk) -> None:
    talk.dialled()
    talk.machine()
    ending = Ending(State.COMPLETED, Reason.USER_HANGUP, NOW_MS + 2_000)
    kept = talk.update(lambda call: store_pending_ending(call, ending))
    change = apply_dial_result(kept, ANSWERED, NOW_MS + 2_500)
    assert change is not None
    assert [event.type for event in change.events] == ["active", "queued"]
    assert (change.call.state, change.call.attempts[-1].reason) == (State.QUEUED, Reason.VOICEMAIL_REACHED)


async def test_a_dead_dialers_machine_is_redialled_by_the_reconciler(talk: Talk) -> None:
    talk.dialled()
    talk.machine()
    talk.update(lambda call: changed(call, answer_reported_at_ms=NOW_MS + 1_000))
    talk.events.run_alive = True
    talk.left("machine")
    talk.reconciler.clock.move_s(DEAD_RUN_S)
    assert await talk.reconciler.reconcile() == {"kept_ending_applied": 1}
    record = talk.reconciler.now().attempts[-1]
    assert (record.reason, record.answered_at_ms) == (Reason.VOICEMAIL_REACHED, NOW_MS + 1_000)
