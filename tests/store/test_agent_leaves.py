"""An agent that leaves by itself: its person is not left in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_call_ends import Events
from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.agent_transitions import AGENT_GRACE_MS
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import answer_call, release_ownership


@pytest.fixture
def events(reconciler: ReconcilerHarness) -> Events:
    return Events(reconciler)


def with_agent(reconciler: ReconcilerHarness) -> Call:
    call = reconciler.sent()
    call = reconciler.calls.apply(call, release_ownership(replace(call, agent_job_id="AJ_1")), NOW_MS)
    return reconciler.calls.apply(call, answer_call(call, NOW_MS), NOW_MS)


@pytest.mark.parametrize("talked_s", [5, 300])
async def test_a_person_whose_agent_left_is_hung_up_after_the_grace(
    reconciler: ReconcilerHarness, events: Events, talked_s: int
) -> None:
    with_agent(reconciler)
    reconciler.livekit.status, reconciler.livekit.hangs_up = "active", True
    reconciler.clock.move_s(talked_s)
    events.agent_left(reconciler.clock.now_ms)
    assert events.checks == [(make_call().id, reconciler.clock.now_ms + AGENT_GRACE_MS)]
    reconciler.clock.move_s(AGENT_GRACE_MS / 1000 - 1)
    await reconciler.reconcile()
    assert reconciler.livekit.removed == []
    reconciler.clock.move_s(1)
    await reconciler.reconcile()
    assert reconciler.livekit.removed == [f"call-{make_call().id}"]
    call = events.callee_left(reconciler.clock.now_ms, "PARTICIPANT_REMOVED", "active")
    assert (call.state, call.reason) == (State.COMPLETED, Reason.AGENT_HANGUP)


async def test_another_agent_in_the_room_goes_on_with_the_call(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    with_agent(reconciler)
    reconciler.livekit.status, reconciler.livekit.agent = "active", "agent-AJ_2"
    events.agent_left(NOW_MS)
    reconciler.clock.move_s(AGENT_GRACE_MS / 1000)
    assert await reconciler.reconcile() == {"agent_found": 1}
    call = reconciler.now()
    assert (call.agent_job_id, call.agent_left_at_ms, call.state) == ("AJ_2", None, State.ACTIVE)
    assert reconciler.livekit.removed == []
    events.agent_left(reconciler.clock.now_ms, "PARTICIPANT_REMOVED")
    assert reconciler.now().agent_left_at_ms is None, "AJ_1 was not the call's agent any more"


@pytest.mark.parametrize("reason", ["PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED"])
def test_an_agent_that_is_shown_out_did_not_leave_by_itself(
    reconciler: ReconcilerHarness, events: Events, reason: str
) -> None:
    with_agent(reconciler)
    events.agent_left(NOW_MS, reason)
    assert events.checks == []


def test_an_agent_that_leaves_before_the_dial_does_not_take_the_claim_from_its_run(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    before = reconciler.prepared()
    events.agent_left(NOW_MS)
    assert reconciler.now().version == before.version


async def test_an_agent_that_left_while_it_rang_counts_from_the_answer(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    reconciler.sent()
    events.agent_left(NOW_MS)
    call = reconciler.now()
    reconciler.calls.apply(call, answer_call(call, NOW_MS + 20_000), NOW_MS + 20_000)
    reconciler.livekit.status = "active"
    reconciler.clock.move_s(29)
    await reconciler.reconcile()
    assert reconciler.livekit.removed == []
    reconciler.clock.move_s(1)
    await reconciler.reconcile()
    assert reconciler.livekit.removed == [f"call-{call.id}"]


async def test_a_call_that_livekit_forgot_with_its_agent_ends(
    reconciler: ReconcilerHarness, events: Events
) -> None:
    with_agent(reconciler)
    events.agent_left(NOW_MS)
    reconciler.clock.move_s(AGENT_GRACE_MS / 1000)
    assert await reconciler.reconcile() == {"end_found": 1}
    assert reconciler.now().reason is Reason.CONNECTION_LOST
