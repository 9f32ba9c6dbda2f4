"""An agent that takes a call over: the first one may go, the new one is missed, and nobody is left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_livekit_events import LostAgentHarness, make_active_call
from tests.support.clocks import NOW_MS
from tests.support.memory_table import MemoryTable
from trunkline.calls.agent_transitions import active_agent, on_handover, replacement_overdue
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.report_transitions import on_agent_changed
from trunkline.calls.states import Phase, State
from trunkline.calls.value_objects import MAX_AGENT_TURNS, AgentTurn, Channel, HandoffAgent
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent

BEA = HandoffAgent("a-2", "Bea", "bea-worker")
PHONE: dict[str, Any] = {"channel": Channel.PHONE, "trunk_id": "trunk_1", "phase": Phase.SETTLED}


def handing_over(**changes: Any) -> Call:
    change = on_handover(make_active_call(handoff_agents=(BEA,), **changes), AgentTurn(-1, "Bea", NOW_MS))
    assert change is not None
    return change.call


def joined(alone: LostAgentHarness, job_id: str) -> None:
    alone.handler.handle(
        LiveKitEvent("participant_joined", CallAttemptRef(alone.id, 1), f"EV_{job_id}", agent_job_id=job_id)
    )


def gone(alone: LostAgentHarness, job_id: str, reason: str = "CLIENT_INITIATED") -> Call:
    claim, told = CallAttemptRef(alone.id, 1), f"EV_left_{job_id}"
    alone.handler.handle(
        LiveKitEvent(
            "participant_left", claim, told, agent_job_id=job_id, watched=True, disconnect_reason=reason
        )
    )
    found = alone.calls.load(alone.id)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", [{}, PHONE])
@pytest.mark.parametrize("reason", ["CLIENT_INITIATED", "SIGNAL_CLOSE"])
@pytest.mark.parametrize("first_goes", ["before", "after"])
def test_the_first_may_go_and_the_second_is_the_calls(kind: Any, reason: str, first_goes: str) -> None:
    alone = LostAgentHarness(MemoryTable(), handing_over(**kind))
    for step in ("gone", "joined") if first_goes == "before" else ("joined", "gone"):
        if step == "gone":
            gone(alone, "AJ_1", reason)
        else:
            joined(alone, "AJ_2")
    call = alone.calls.load(alone.id)
    assert call is not None
    assert (call.state, call.agent_job_id, call.handover_at_ms) == (State.ACTIVE, "AJ_2", None)
    assert alone.asked == []
    lost = gone(alone, "AJ_2", "SIGNAL_CLOSE")
    assert alone.asked == (["hang_up"] if kind else ["close_room"])
    assert lost.agent_lost_at_ms is not None


def test_if_nobody_comes_and_the_first_is_gone_the_call_ends() -> None:
    alone = LostAgentHarness(MemoryTable(), handing_over())
    call = gone(alone, "AJ_1")
    assert not replacement_overdue(call, NOW_MS + 1000)
    assert replacement_overdue(call, NOW_MS + 60_000)
    stays = handing_over()
    assert not replacement_overdue(stays, NOW_MS + 60_000), "the first is there"


def test_a_late_word_of_the_first_ones_join_is_not_the_seconds() -> None:
    alone = LostAgentHarness(MemoryTable(), handing_over())
    joined(alone, "AJ_1")
    call = alone.calls.load(alone.id)
    assert call is not None
    assert (call.agent_job_id, call.handover_at_ms) == ("AJ_1", NOW_MS)


def test_who_is_on_duty_is_sent_again() -> None:
    assert active_agent(make_active_call(handoff_agents=(BEA,))).name == "Ada"
    assert active_agent(handing_over()) == BEA
    stranger = replace(handing_over(), agent_turns=(AgentTurn(1, "somebody", NOW_MS),))
    assert active_agent(stranger).name == "Ada"


def test_turns_that_are_reported_and_turns_of_tools_keep_their_places() -> None:
    call = handing_over()
    for sequence, agent in ((2, "third"), (1, "second")):
        change = on_agent_changed(call, AgentTurn(sequence, agent, NOW_MS))
        assert change is not None
        call = change.call
    assert [turn.agent for turn in call.agent_turns] == ["Bea", "second", "third"]
    assert on_agent_changed(call, AgentTurn(2, "third", NOW_MS)) is None


def test_a_call_that_is_over_or_handed_round_too_often_is_not_handed_over() -> None:
    turn = AgentTurn(-1, "Bea", NOW_MS)
    assert on_handover(make_active_call(state=State.COMPLETED, reason=Reason.USER_HANGUP), turn) is None
    assert on_handover(make_active_call(agent_turns=(turn,) * MAX_AGENT_TURNS), turn) is None
