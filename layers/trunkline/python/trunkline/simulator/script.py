"""Script of a test call: its steps and their times, computed from the call alone. Pure.

Any process can continue a call from its stored state, so a crash loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.test_numbers import TestNumber, lookup_test_number
from trunkline.calls.value_objects import Channel

NO_AUDIO_S = 30.0
AUDIO_LOST_S = 15.0
_FIRST_WORD_S = 0.3
_JOINS_AFTER_S = 1.0
_LEAVES_MESSAGE_S = 2.0
_TURNS_A_STEP = 50
Role = Literal["assistant", "user"]
_SPEAKERS: tuple[Role, Role] = ("user", "assistant")
_GREETING = ("Hello! How can I help you?", "Hi there")
_MESSAGE = "You have reached our assistant's message: please call us back."


@dataclass(frozen=True)
class UtteranceSpoken:
    """Turns of the transcript; sequences begin with 1."""

    turns: tuple[tuple[int, Role, str], ...]


@dataclass(frozen=True)
class Answered:
    """The answering-machine detection of the agent: human or machine."""

    result: Literal["human", "machine"]


@dataclass(frozen=True)
class SummaryReported:
    text: str


@dataclass(frozen=True)
class AgentHungUp:
    reason: str


@dataclass(frozen=True)
class CallerJoined:
    pass


@dataclass(frozen=True)
class AgentJoined:
    pass


@dataclass(frozen=True)
class AgentMissing:
    """The agent did not join within its time-out."""


@dataclass(frozen=True)
class PersonLeft:
    """The end of the leg: LiveKit's `disconnectReason` and the last `sip.callStatus`."""

    disconnect_reason: str = "CLIENT_INITIATED"
    sip_call_status: str = "hangup"


Report = UtteranceSpoken | Answered | SummaryReported | AgentHungUp
LiveKitStep = CallerJoined | AgentJoined | PersonLeft
Step = Report | LiveKitStep | AgentMissing


@dataclass(frozen=True)
class ScheduledStep:
    """A step and the time it is due."""

    at_ms: int
    step: Step


def scheduled_steps(call: Call) -> list[ScheduledStep]:
    """List the remaining steps of a call that its state determines, in order.

    The ringing of a phone call is simulated by its dial; its steps start when it is answered.
    """
    if call.is_terminal:
        return []
    test_number = lookup_test_number(call.phone_number)
    if call.answered_at_ms is None:
        return _joining_steps(call, test_number) if call.channel is Channel.WEB else []
    talk = _voicemail_steps() if test_number.machine else _conversation_steps(call, test_number)
    if call.cancel_requested_at_ms:
        talk = [(0.0, PersonLeft("PARTICIPANT_REMOVED", "active"))]
    return [ScheduledStep(_due_ms(call, call.answered_at_ms, after_s), step) for after_s, step in talk]


def _joining_steps(call: Call, test_number: TestNumber) -> list[ScheduledStep]:
    """List the steps until a web call is active: the person joins, then the agent."""
    found: list[ScheduledStep] = []
    if call.state is State.PENDING:
        found.append(ScheduledStep(_due_ms(call, call.created_at_ms, _JOINS_AFTER_S), CallerJoined()))
    delay_s, patience_s = test_number.agent_joins_after_s, float(call.agent.agent_join_timeout_s)
    if delay_s is None or delay_s > patience_s:
        step: Step = AgentMissing()
    else:
        step, patience_s = AgentJoined(), delay_s
    found.append(ScheduledStep(_due_ms(call, call.created_at_ms, _JOINS_AFTER_S + patience_s), step))
    return found


def _voicemail_steps() -> list[tuple[float, Step]]:
    return [
        (_FIRST_WORD_S, Answered("machine")),
        (_LEAVES_MESSAGE_S / 2, UtteranceSpoken(((1, "assistant", _MESSAGE),))),
        (_LEAVES_MESSAGE_S, SummaryReported("A machine picked up; a message was left.")),
        (_LEAVES_MESSAGE_S, AgentHungUp("voicemail_reached")),
        (_LEAVES_MESSAGE_S, PersonLeft("PARTICIPANT_REMOVED", "active")),
    ]


def _conversation_steps(call: Call, test_number: TestNumber) -> list[tuple[float, Step]]:
    steps: list[tuple[float, Step]] = []
    ends_s, end = _ending(call, test_number)
    if test_number.talk_s != 0 and not test_number.silent:
        steps.append((_FIRST_WORD_S, Answered("human")))
        steps += _transcript_steps(test_number)
    steps.append((ends_s, SummaryReported("The agent said hello.")))
    steps.append((ends_s, end))
    return steps


def _transcript_steps(test_number: TestNumber) -> list[tuple[float, Step]]:
    """Spread the turns of the transcript over the conversation, 50 a step."""
    turns = [(number, _SPEAKERS[number % 2], _text(number)) for number in range(1, test_number.turns + 1)]
    batches = [turns[first : first + _TURNS_A_STEP] for first in range(0, len(turns), _TURNS_A_STEP)]
    lasts_s = (test_number.talk_s or 1.0) - _FIRST_WORD_S
    apart_s = lasts_s / (len(batches) + 1)
    return [
        (_FIRST_WORD_S + number * apart_s, UtteranceSpoken(tuple(batch)))
        for number, batch in enumerate(batches, 1)
    ]


def _text(number: int) -> str:
    return _GREETING[number - 1] if number <= len(_GREETING) else f"This is turn {number}."


def _ending(call: Call, test_number: TestNumber) -> tuple[float, PersonLeft]:
    limit_s = float(call.agent.max_call_duration_s)
    if test_number.silent and limit_s > NO_AUDIO_S:
        return NO_AUDIO_S, PersonLeft(sip_call_status="active")
    lost_s = AUDIO_LOST_S if test_number.drops else 0.0
    if test_number.talk_s is None or test_number.talk_s + lost_s > limit_s:
        return limit_s, PersonLeft()
    if test_number.drops:
        return test_number.talk_s + lost_s, PersonLeft(sip_call_status="active")
    return test_number.talk_s, PersonLeft()


def _due_ms(call: Call, from_ms: int, after_s: float) -> int:
    return from_ms + int(after_s * 1000 / call.test_speed)
