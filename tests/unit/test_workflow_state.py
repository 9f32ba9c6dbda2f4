"""A workflow's state has two writers: what agents report and what tools change do not undo each other."""

from __future__ import annotations

from trunkline.workflows.state import StateChange, WorkflowState

BEGUN = WorkflowState({"step": 1, "meals": []})


def test_a_report_replaces_and_an_old_one_changes_nothing() -> None:
    state = BEGUN.after_report(2, {"step": 2})
    assert state is not None
    assert state.values == {"step": 2}
    assert state.after_report(2, {"step": 9}) is None
    assert state.after_report(1, {"step": 9}) is None


def test_a_report_does_not_undo_what_a_tool_has_changed_since() -> None:
    state = BEGUN.after_tool(StateChange({"meal_id": "m-1"}, {"meals": ("soup",)}))
    assert state.values == {"step": 1, "meals": ["soup"], "meal_id": "m-1"}
    later = state.after_report(1, {"step": 2, "meals": []})
    assert later is not None
    assert later.values == {"step": 2, "meals": ["soup"], "meal_id": "m-1"}


def test_what_the_agent_itself_has_changed_counts() -> None:
    state = BEGUN.after_tool(StateChange({"step": 5, "meal_id": "m-1"}))
    later = state.after_report(1, {"step": 7, "meals": [], "meal_id": None})
    assert later is not None
    assert later.values == {"step": 7, "meals": [], "meal_id": None}
    again = later.after_tool(StateChange({"meal_id": "m-2"}))
    assert again.values["meal_id"] == "m-2"


def test_what_is_hidden_from_an_agent_is_not_its_to_change() -> None:
    hidden = frozenset({"pin", "session"})
    begun = WorkflowState({"step": 1, "pin": 1234}).after_tool(StateChange({"session": "s", "step": 5}))
    later = begun.after_report(1, {"step": 2, "session": "forged"}, hidden)
    assert later is not None
    assert later.values == {"step": 2, "pin": 1234, "session": "s"}
    forged = WorkflowState({}).after_report(1, {"pin": 1}, hidden)
    assert forged is not None
    assert forged.values == {}


def test_tools_side_by_side_both_append() -> None:
    one, other = StateChange(append={"meals": ("soup",)}), StateChange(append={"meals": ("salad",)})
    assert BEGUN.after_tool(one).after_tool(other).values["meals"] == ["soup", "salad"]


def test_changes_join_in_their_order() -> None:
    joined = (
        StateChange({"a": 1}, {"b": (1,)})
        .then(StateChange({"b": [9]}))
        .then(StateChange(append={"b": (2,), "a": (2,), "c": (3,)}))
    )
    assert joined.on({"c": [0], "b": [5]}) == {"a": [1, 2], "b": [9, 2], "c": [0, 3]}
    assert joined.names == ["a", "b", "c"]
    assert not StateChange()


def test_a_variable_that_becomes_true_instead_of_1_was_changed_by_the_agent() -> None:
    state = WorkflowState({"vip": 1}).after_tool(StateChange({"vip": 7}))
    later = state.after_report(1, {"vip": True})
    assert later is not None
    assert later.values["vip"] is True
