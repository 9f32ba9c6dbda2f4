"""What tools do to their call: another agent, its end, its workflow's state."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.tool_world import POST, SAVE, SUPPORT, Scene
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
def scene(table: Table) -> Scene:
    made = Scene(table)
    made.tool("save_meal", SAVE)
    return made


def active(scene: Scene, **more: Any) -> CallAttemptRef:
    claim = scene.accept(colleagues=(SUPPORT,), **more)
    scene.reports.take(claim, validated(Reports, {"reports": [{"type": "answered"}]}).reports)
    return claim


def test_a_transfer_sends_another_agent_in_once(scene: Scene) -> None:
    scene.tool(
        "hand_over",
        {"type": "transfer_agent", "agent": "{{params.to}}"},
        parameters=[{"name": "to", "type": "string"}],
    )
    claim = active(scene, tools=["hand_over"])
    told = scene.use(claim, "hand_over", once="x", to="support")
    assert (told["result"], scene.dispatched) == ({"transferred_to": "support"}, ["support-worker"])
    scene.use(claim, "hand_over", once="x", to="support")
    assert scene.dispatched == ["support-worker"]
    assert [turn.agent for turn in scene.now(claim).agent_turns] == ["support"]
    assert [kind for kind, _ in scene.events(claim)][-2:] == ["agent_changed", "tool_invoked"]
    for to, says in (
        ("support", "has the call already"),
        ("eve", "There is no such agent in this call; there are Ada, support"),
    ):
        failed = scene.use(claim, "hand_over", to=to)["error"]
        assert failed is not None
        assert (failed["type"], says in failed["message"]) == ("agent_not_found", True)
    assert scene.use(claim, "hand_over", to="Ada")["result"] == {"transferred_to": "Ada"}


def test_a_livekit_that_does_not_answer_is_told_and_not_asked_again(scene: Scene) -> None:
    scene.tool("hand_over", {"type": "transfer_agent", "agent": "support"}, parameters=[])
    claim = active(scene, tools=["hand_over"])

    def silent(*_: Any) -> None:
        scene.dispatched.append("tried")
        raise LiveKitFailed

    def effects(call: Call, claim: CallAttemptRef, until_us: int) -> CallActions:
        return CallActions(call, claim, scene.calls, scene.reports, silent, scene.clock, until_us)

    object.__setattr__(scene.invoker, "effects", effects)
    for _ in range(2):
        failed = scene.use(claim, "hand_over", once="x")["error"]
        assert failed is not None
        assert (failed["type"], failed["may_have_happened"]) == ("livekit_failed", True)
    assert scene.dispatched == ["tried"]
    assert scene.now(claim).agent_turns == ()


def test_a_tool_ends_the_call(scene: Scene) -> None:
    scene.tool(
        "goodbye",
        {"type": "set_state", "values": {"done": True}},
        {"type": "end_call", "reason": "{{params.why}}"},
        parameters=[{"name": "why", "type": "string", "default": "said_goodbye"}],
    )
    claim = active(scene, tools=["goodbye"])
    told = scene.use(claim, "goodbye")
    assert (told["result"], told["state"]) == ({"ended": True}, {"done": True})
    call = scene.now(claim)
    assert (call.state, call.agent_end_reason) == (State.COMPLETED, "said_goodbye")


def test_the_state_of_actions_that_were_done_is_kept_though_a_later_one_fails(scene: Scene) -> None:
    scene.tool(
        "two",
        {
            "type": "set_state",
            "values": {"pin": "{{params.meal}}", "seen": 1},
            "append": {"meals": "{{params.meal}}"},
        },
        POST,
    )
    claim = scene.accept(tools=["two"])
    scene.answer = lambda _: Response(404, {}, b"{}", 1)
    told = scene.use(claim, "two", meal="soup")
    assert (told["status"], told["state"]) == ("failed", {"meals": ["soup"], "seen": 1})
    assert told["error"] is not None
    assert told["error"]["action"] == 1
    variables = scene.reports.context(claim)["variables"]
    assert variables == {"meals": ["soup"], "seen": 1}, "a secret key of the state is not shown either"
    assert scene.states.load(scene.now(claim)).values["pin"] == "soup"


def test_a_state_that_is_too_large_is_told(scene: Scene) -> None:
    scene.tool("large", {"type": "set_state", "append": {"meals": "{{params.meal}}"}})
    claim = scene.accept(tools=["large"])
    for number in range(2):
        told = scene.use(claim, "large", meal="x" * 40_000)
        assert (told["error"] is None) == (number == 0)
    assert told["error"] is not None
    assert told["error"]["type"] == "state_too_large"
