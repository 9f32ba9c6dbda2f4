"""What tools do to their call: another agent, its end, its workflow's state."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.store.fixtures_tool_calls import POST, SAVE, SUPPORT, ToolCallHarness
from trunkline.calls.models import Call
from trunkline.calls.report_schemas import Reports
from trunkline.calls.states import State
from trunkline.core.errors import LiveKitFailed
from trunkline.core.validation import validated
from trunkline.egress.messages import Response
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.table import Table
from trunkline.tool_runtime.call_actions import CallActions


@pytest.fixture
def tool_calls(table: Table) -> ToolCallHarness:
    made = ToolCallHarness(table)
    made.tool("save_meal", SAVE)
    return made


def active(tool_calls: ToolCallHarness, **more: Any) -> CallAttemptRef:
    claim = tool_calls.accept(handoff_agents=(SUPPORT,), **more)
    tool_calls.reports.apply(claim, validated(Reports, {"reports": [{"type": "answered"}]}).reports)
    return claim


def test_a_transfer_sends_another_agent_in_once(tool_calls: ToolCallHarness) -> None:
    tool_calls.tool(
        "hand_over",
        {"type": "transfer_agent", "agent": "{{params.to}}"},
        parameters=[{"name": "to", "type": "string"}],
    )
    claim = active(tool_calls, tools=["hand_over"])
    told = tool_calls.use(claim, "hand_over", once="x", to="support")
    assert (told["result"], tool_calls.dispatched) == ({"transferred_to": "support"}, ["support-worker"])
    tool_calls.use(claim, "hand_over", once="x", to="support")
    assert tool_calls.dispatched == ["support-worker"]
    assert [turn.agent for turn in tool_calls.now(claim).agent_turns] == ["support"]
    assert [kind for kind, _ in tool_calls.events(claim)][-2:] == ["agent_changed", "tool_invoked"]
    for to, says in (
        ("support", "already has the call"),
        ("eve", "This call has no such agent; its agents are Ada, support"),
    ):
        failed = tool_calls.use(claim, "hand_over", to=to)["error"]
        assert failed is not None
        assert (failed["type"], says in failed["message"]) == ("agent_not_found", True)
    assert tool_calls.use(claim, "hand_over", to="Ada")["result"] == {"transferred_to": "Ada"}


def test_a_livekit_that_does_not_answer_is_told_and_not_asked_again(tool_calls: ToolCallHarness) -> None:
    tool_calls.tool("hand_over", {"type": "transfer_agent", "agent": "support"}, parameters=[])
    claim = active(tool_calls, tools=["hand_over"])

    def silent(*_: Any) -> None:
        tool_calls.dispatched.append("tried")
        raise LiveKitFailed

    def call_actions(call: Call, claim: CallAttemptRef, until_us: int) -> CallActions:
        end = partial(tool_calls.end_call, claim)
        return CallActions(call, tool_calls.calls, silent, end, tool_calls.clock, until_us)

    object.__setattr__(tool_calls.invoker, "call_actions", call_actions)
    for _ in range(2):
        failed = tool_calls.use(claim, "hand_over", once="x")["error"]
        assert failed is not None
        assert (failed["type"], failed["may_have_happened"]) == ("livekit_failed", True)
    assert tool_calls.dispatched == ["tried"]
    assert tool_calls.now(claim).agent_turns == ()


def test_a_tool_ends_the_call(tool_calls: ToolCallHarness) -> None:
    tool_calls.tool(
        "goodbye",
        {"type": "set_state", "values": {"done": True}},
        {"type": "end_call", "reason": "{{params.why}}"},
        parameters=[{"name": "why", "type": "string", "default": "said_goodbye"}],
    )
    claim = active(tool_calls, tools=["goodbye"])
    told = tool_calls.use(claim, "goodbye")
    assert (told["result"], told["state"]) == ({"ended": True}, {"done": True})
    call = tool_calls.now(claim)
    assert (call.state, call.agent_end_reason) == (State.COMPLETED, "said_goodbye")


def test_the_state_of_actions_that_were_done_is_kept_though_a_later_one_fails(
    tool_calls: ToolCallHarness,
) -> None:
    tool_calls.tool(
        "two",
        {
            "type": "set_state",
            "values": {"pin": "4711", "seen": 1},
            "append": {"meals": "{{params.meal}}"},
        },
        POST,
    )
    claim = tool_calls.accept(tools=["two"])
    tool_calls.answer = lambda _: Response(404, {}, b"{}", 1)
    told = tool_calls.use(claim, "two", meal="soup")
    assert (told["status"], told["state"]) == ("failed", {"meals": ["soup"], "seen": 1})
    assert told["error"] is not None
    assert told["error"]["action"] == 1
    variables = tool_calls.reports.context(claim)["variables"]
    assert variables == {"meals": ["soup"], "seen": 1}, "a secret key of the state is not shown either"
    assert tool_calls.states.load(tool_calls.now(claim)).values["pin"] == "4711"


def test_a_state_that_is_too_large_is_told(tool_calls: ToolCallHarness) -> None:
    tool_calls.tool("large", {"type": "set_state", "append": {"meals": "{{params.meal}}"}})
    claim = tool_calls.accept(tools=["large"])
    for number in range(2):
        told = tool_calls.use(claim, "large", meal="x" * 40_000)
        assert (told["error"] is None) == (number == 0)
    assert told["error"] is not None
    assert told["error"]["type"] == "state_too_large"
