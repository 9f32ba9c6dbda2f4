"""The scripts of simulated calls: whole, in order, and the same whenever they are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.test_numbers import TEST_NUMBERS, lookup_test_number
from trunkline.calls.value_objects import Channel
from trunkline.simulator.script import (
    AgentHungUp,
    AgentJoined,
    AgentMissing,
    Answered,
    CallerJoined,
    PersonLeft,
    UtteranceSpoken,
    scheduled_steps,
)

ANSWERING = sorted(
    number
    for number, each in TEST_NUMBERS.items()
    if each.after_s and not each.sip_status and not each.livekit_error
)


def talking(number: str, **changes: Any) -> Call:
    values: dict[str, Any] = {
        "livemode": False,
        "state": State.ACTIVE,
        "answered_at_ms": NOW_MS,
        "phone_number": number,
    }
    return make_call(**(values | changes))


def web(number: str = "", **changes: Any) -> Call:
    values: dict[str, Any] = {
        "channel": Channel.WEB,
        "state": State.PENDING,
        "livemode": False,
        "phone_number": number,
    }
    return make_call(**(values | changes))


@given(st.sampled_from(ANSWERING), st.floats(1, 100), st.integers(10, 86_400))
def test_a_talk_is_in_order_and_ends(number: str, speed: float, limit_s: int) -> None:
    call = talking(number, speed=speed)
    call = replace(call, agent=replace(call.agent, max_call_duration_s=limit_s))
    found = scheduled_steps(call)
    moments = [cue.at_ms for cue in found]
    assert moments == sorted(moments)
    assert isinstance(found[-1].step, PersonLeft)
    assert moments[-1] <= NOW_MS + limit_s * 1000 / speed + 1
    assert scheduled_steps(call) == found


@given(st.sampled_from(ANSWERING), st.floats(1, 100))
def test_speed_divides_every_time(number: str, speed: float) -> None:
    slow, fast = scheduled_steps(talking(number)), scheduled_steps(talking(number, speed=speed))
    assert [cue.step for cue in slow] == [cue.step for cue in fast]
    for one, other in zip(slow, fast, strict=True):
        assert abs((one.at_ms - NOW_MS) / speed - (other.at_ms - NOW_MS)) <= 1


def test_a_live_call_is_never_hurried() -> None:
    assert talking("+15550100001", livemode=True, speed=50.0).test_speed == 1


@pytest.mark.parametrize("number", sorted(TEST_NUMBERS))
def test_every_turn_is_said_once(number: str) -> None:
    said = [
        turn
        for cue in scheduled_steps(talking(number))
        if isinstance(cue.step, UtteranceSpoken)
        for turn in cue.step.turns
    ]
    numbers = [turn[0] for turn in said]
    assert numbers == list(range(1, len(numbers) + 1))
    outcome = lookup_test_number(number)
    if not outcome.silent and outcome.talk_s:
        assert len(numbers) == outcome.turns


def test_a_machine_is_left_a_message() -> None:
    steps = [cue.step for cue in scheduled_steps(talking("+15550100014"))]
    assert Answered("machine") in steps
    assert AgentHungUp("voicemail_reached") in steps


def test_a_cancel_ends_the_talk_at_once() -> None:
    call = talking("+15550100011", cancel_requested_at_ms=NOW_MS + 5)
    assert [cue.step for cue in scheduled_steps(call)] == [PersonLeft("PARTICIPANT_REMOVED", "active")]


def test_nothing_more_happens_in_a_call_that_has_ended() -> None:
    assert scheduled_steps(talking("+15550100001", state=State.COMPLETED)) == []


def test_people_join_by_web_before_their_agents() -> None:
    assert [type(cue.step) for cue in scheduled_steps(web())] == [CallerJoined, AgentJoined]
    connecting = web(state=State.CONNECTING)
    assert [type(cue.step) for cue in scheduled_steps(connecting)] == [AgentJoined]
    assert [type(cue.step) for cue in scheduled_steps(web("+15550100017"))] == [CallerJoined, AgentMissing]


def test_a_phone_that_rings_is_the_dials_to_play() -> None:
    assert (
        scheduled_steps(make_call(livemode=False, state=State.CONNECTING, phone_number="+15550100001")) == []
    )
