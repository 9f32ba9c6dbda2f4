"""Applying LiveKit's news of phone calls."""

from __future__ import annotations

from tests.builders import NOW_MS, ManualClock, a_call
from tests.store.conftest import Wakes, a_nudge
from trunkline.calls.changes import answered, claimed, intended, returned
from trunkline.calls.model import Call
from trunkline.calls.news import NewsDesk
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.store import CallStore
from trunkline.livekit.names import ClaimName
from trunkline.livekit.webhooks import News
from trunkline.table import Table


def left(call: Call, claim: int = 1, status: str = "hangup", reason: str = "CLIENT_INITIATED") -> News:
    return News(
        "participant_left", ClaimName(call.id, claim), disconnect_reason=reason, sip_call_status=status
    )


class Dialled:
    """A call that has been sent, with a desk for its news."""

    def __init__(self, table: Table, *, run_alive: bool) -> None:
        self.calls = CallStore(table)
        self.removed: list[ClaimName] = []
        clock = ManualClock()
        self.desk = NewsDesk(
            self.calls,
            a_nudge(Wakes(), clock),
            clock,
            lambda _: run_alive,
            self.removed.append,
            lambda _: None,
        )
        self.calls.accept(a_call())
        call = self.calls.change(a_call(), claimed(a_call(), "run-1", "r"), NOW_MS)
        self.call = self.calls.change(call, intended(call, NOW_MS, intent="i", dead_after_ms=1), NOW_MS)

    def now(self) -> Call:
        call = self.calls.load(self.call.id)
        assert call is not None
        return call


def test_an_end_while_the_answer_is_awaited_is_kept(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    dialled.desk.take(left(dialled.call))
    dialled.desk.take(left(dialled.call))
    assert dialled.now().state is State.CONNECTING
    assert dialled.now().kept_ending is not None
    assert dialled.now().version == dialled.call.version + 1, "the replay changed nothing"


def test_an_end_is_applied_at_once_when_the_dialer_is_dead(table: Table) -> None:
    dialled = Dialled(table, run_alive=False)
    dialled.desk.take(left(dialled.call, status="ringing", reason="USER_UNAVAILABLE"))
    assert (dialled.now().state, dialled.now().reason) == (State.FAILED, Reason.DIAL_NO_ANSWER)


def test_news_in_any_order_and_number_ends_an_active_call_once(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    dialled.calls.change(dialled.call, answered(dialled.call, NOW_MS), NOW_MS)
    finished = News("room_finished", ClaimName(dialled.call.id, 1))
    for news in (left(dialled.call, claim=2), left(dialled.call), finished, left(dialled.call), finished):
        dialled.desk.take(news)
    story = dialled.calls.story(dialled.call.id)
    assert story is not None
    assert (story[0].state, story[0].reason) == (State.COMPLETED, Reason.USER_HANGUP)
    assert [event.type for event in story[1]].count("completed") == 1


def test_a_room_that_finished_ends_an_active_call_whose_leave_was_lost(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    finished = News("room_finished", ClaimName(dialled.call.id, 1))
    dialled.desk.take(finished)
    assert dialled.now().state is State.CONNECTING, "before the answer it tells nothing"
    dialled.calls.change(dialled.call, answered(dialled.call, NOW_MS), NOW_MS)
    dialled.desk.take(finished)
    assert (dialled.now().state, dialled.now().reason) == (State.COMPLETED, Reason.END_NOT_REPORTED)


def test_ids_are_written_while_it_rings(table: Table) -> None:
    dialled = Dialled(table, run_alive=True)
    joined = News(
        "participant_joined", ClaimName(dialled.call.id, 1), sip_participant_id="PA_1", sip_call_id="SCL_1"
    )
    dialled.desk.take(joined)
    assert (dialled.now().sip_participant_id, dialled.now().sip_call_id) == ("PA_1", "SCL_1")
    assert dialled.now().version == dialled.call.version


def test_news_about_a_call_nobody_knows_is_ignored(table: Table) -> None:
    desk = NewsDesk(
        CallStore(table),
        a_nudge(Wakes(), ManualClock()),
        ManualClock(),
        lambda _: True,
        lambda _: None,
        lambda _: None,
    )
    desk.take(left(a_call()))
    desk.take(
        News("participant_joined", ClaimName(a_call().id, 1), sip_participant_id="PA_1", sip_call_id="SCL_1")
    )
    assert CallStore(table).load(a_call().id) is None


def test_a_leg_that_joins_a_call_that_has_ended_is_removed(table: Table) -> None:
    dialled = Dialled(table, run_alive=False)
    joined = News(
        "participant_joined", ClaimName(dialled.call.id, 1), sip_participant_id="PA_1", sip_call_id="SCL_1"
    )
    dialled.desk.take(joined)
    assert dialled.removed == []
    dialled.desk.take(left(dialled.call, status="ringing", reason="USER_UNAVAILABLE"))
    dialled.desk.take(joined)
    assert dialled.removed == [ClaimName(dialled.call.id, 1)]


def test_a_leg_of_an_older_claim_is_removed(table: Table) -> None:
    dialled = Dialled(table, run_alive=False)
    back = dialled.calls.change(dialled.call, returned(dialled.call, NOW_MS, why="x"), NOW_MS)
    dialled.calls.change(back, claimed(back, "run-2", "r2"), NOW_MS)
    dialled.desk.take(
        News(
            "participant_joined",
            ClaimName(dialled.call.id, 1),
            sip_participant_id="PA_1",
            sip_call_id="SCL_1",
        )
    )
    assert dialled.removed == [ClaimName(dialled.call.id, 1)]
    assert dialled.now().sip_participant_id is None
